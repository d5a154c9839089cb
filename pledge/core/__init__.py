"""The pure core: bytes and records in and out; no files, no sockets, no clock, no framework."""
