"""What the practice recorded, and what trials published."""
