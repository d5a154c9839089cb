"""Badges: small SVG images that say how a pledge, a lab or a signing stands."""
