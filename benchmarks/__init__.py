"""How much longer than the least possible, measured in the same run."""
