"""Results as charts, drawn from what stands in the tables."""
