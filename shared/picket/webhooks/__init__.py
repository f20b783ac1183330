"""Forge payloads: verify their signatures, parse them, say what they mean for Picket."""
