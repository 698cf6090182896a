"""Who may enter: accounts, second factors, sessions, and the gate before the pages."""
