"""What needs no trust in a site: checking receipts and whole logs, mirroring a log, signing from a terminal."""
