"""Records joined to the analysis, for a page, a command and an export alike."""
