"""Forgejo's list of an organization's repositories, or a user's: Gitea's. Source: https://codeberg.org/api/swagger."""

from __future__ import annotations

from picket.forges.gitea.listing import LISTING

__all__ = ["LISTING"]
