"""Pledges against reckless scaling of AI, signed by researchers and verifiable by anyone."""
