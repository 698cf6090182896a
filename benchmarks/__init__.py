"""How much longer than the least possible: each figure beside a bound of the same run."""
