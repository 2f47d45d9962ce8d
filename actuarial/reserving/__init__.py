"""Reserving: what claims that happened will still cost. Triangles and known shares in, run-off out; pure NumPy."""
