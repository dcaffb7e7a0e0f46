"""Coordinates of segments, and how far to believe them."""
