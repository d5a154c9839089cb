"""What sources and stewards ask the tip line for over HTTP."""
