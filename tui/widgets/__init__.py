"""Widgets of our own: waterfall, virtual table, levers."""
