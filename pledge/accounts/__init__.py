"""Stewards: how they get in, which keys they hold, and what they decide together."""
