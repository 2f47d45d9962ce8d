"""Searches that need an optimiser: for a firm that breaks a claim, and for the cheapest path to a premium."""
