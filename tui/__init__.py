"""The screen: what an underwriter sees and types."""
