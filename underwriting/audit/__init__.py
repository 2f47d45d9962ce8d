"""The audit of the incentives of a book: metrics M1 to M18, each with the firms behind it."""
