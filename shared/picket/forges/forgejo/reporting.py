"""Forgejo's commit statuses: Gitea's. Source: https://codeberg.org/api/swagger (repoCreateStatus)."""

from __future__ import annotations

from picket.forges.gitea import reporting

REPORTING = reporting.REPORTING
