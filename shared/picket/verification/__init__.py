"""Asking providers whether a credential still works: what to ask, and what an answer means. Pure."""

from picket.verification.registry import verifier_for

__all__ = ["verifier_for"]
