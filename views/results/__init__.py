"""What the practice lead sees: the practice's results, and what they rest on."""
