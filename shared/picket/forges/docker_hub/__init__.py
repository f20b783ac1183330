"""Docker Hub, a registry of images."""

from __future__ import annotations

from picket.forges.forge import Forge

FORGE = Forge(package=__name__, receives=True)
