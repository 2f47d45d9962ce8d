"""The promise: money, risk, terms, law and the book of events. Standard library only."""
