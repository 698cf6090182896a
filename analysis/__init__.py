"""Numbers from what was recorded: frames and arrays in, small frozen results out."""
