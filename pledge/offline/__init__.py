"""The tip line from a terminal: sealing, and a steward's work on a machine of their own."""
