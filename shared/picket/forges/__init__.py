"""Forges, and what else sends webhooks about repositories: one folder each, and this registry.

To add one, write its folder with a `FORGE` and add the line here. What a forge does, it does in modules of its folder
that are imported when they are used: a hook before a commit needs no more than the facts.
"""

from __future__ import annotations

from picket.forges import (
    azure,
    bitbucket,
    bitbucket_datacenter,
    codecommit,
    docker_hub,
    forgejo,
    gitea,
    github,
    gitlab,
    harbor,
    standard,
)
from picket.forges.forge import Forge

FORGES: dict[str, Forge] = {
    "github": github.FORGE,
    "gitlab": gitlab.FORGE,
    "gitea": gitea.FORGE,
    "forgejo": forgejo.FORGE,
    "bitbucket": bitbucket.FORGE,
    "bitbucket-datacenter": bitbucket_datacenter.FORGE,
    "azure": azure.FORGE,
    "codecommit": codecommit.FORGE,
    "harbor": harbor.FORGE,
    "docker-hub": docker_hub.FORGE,
    "standard": standard.FORGE,
}
"""Forges by name."""
