"""Senders of one's own, such as a build server: Standard Webhooks about repositories of any forge."""

from __future__ import annotations

from picket.forges.forge import Forge

FORGE = Forge(package=__name__, receives=True)
