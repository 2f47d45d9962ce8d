"""Proofs about a tariff over the whole domain of a regime, each in a module of its own."""
