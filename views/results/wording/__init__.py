"""Results in words: the only rounding and percent signs."""
