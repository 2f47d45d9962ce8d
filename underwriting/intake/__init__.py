"""Untrusted input to values and findings: the dossier, and one reader per evidence format."""
