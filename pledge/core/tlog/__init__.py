"""Transparency logs: RFC 9162 trees in the C2SP formats, as pure functions over bytes."""
