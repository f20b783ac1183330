"""Findings of every kind: what makes one the same, what it is at present, and how that changes."""
