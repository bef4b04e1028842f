"""Canonical tables: their contracts, how they are kept, and where they came from."""
