"""What is asked, how it is scored, and what a score means."""
