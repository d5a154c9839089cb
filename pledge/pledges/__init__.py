"""Pledge texts and signings: asking, signing, changing, reading, review."""
