"""The tip line: envelopes taken in, threads, the day's digest, and what is forgotten when."""
