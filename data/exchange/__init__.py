"""Files in: bytes to accepted rows and problems, and accepted rows to the tables."""
