"""Mail: sending by SMTP or to files, and budgets that need no address and no IP."""
