"""Seeded generators of bad input, and what it may end in; see `run`."""
