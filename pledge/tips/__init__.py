"""The tip line: what is sealed to the stewards, and their answers. The server can open none of it."""
