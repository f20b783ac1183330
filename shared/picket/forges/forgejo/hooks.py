"""Forgejo's webhooks: Gitea's, in a format of their own. Source: https://forgejo.org/docs/latest/user/webhooks/."""

from __future__ import annotations

from picket.forges.gitea.hooks import managing

HOOKS = managing("forgejo")
