"""The sample market: firms, evidence and claims drawn from a stated truth."""
