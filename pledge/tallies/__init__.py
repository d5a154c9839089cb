"""Counts per lab, kept up as entries are sequenced."""
