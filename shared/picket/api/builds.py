"""Which pushes' trees are kept as build artifacts."""

from __future__ import annotations

import re

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict

from picket.api.bodies import read
from picket.api.repositories import known
from picket.effects.mongo import repositories
from picket.effects.mongo.client import Document
from picket.effects.mongo.documents import Repository
from picket.errors import Malformed

blueprint = Blueprint("builds", __name__)
_REF = re.compile(r"refs/(?:heads|tags)/[^\s~^:?*\[\\]{1,200}")


class BuildOrder(BaseModel):
    """The ref whose pushes are kept."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    ref: str = "refs/heads/main"


@blueprint.put("/repositories/<path:wanted>/builds")
def keep(wanted: str) -> Response:
    """Keep the tree of every push to a ref from now on."""
    ref = read(BuildOrder).ref
    if not _REF.fullmatch(ref) or ".." in ref:
        raise Malformed("ref is a full name: refs/heads/… or refs/tags/…")
    return _changed(known(wanted), ref)


@blueprint.delete("/repositories/<path:wanted>/builds")
def stop(wanted: str) -> Response:
    """Keep no more of them; those that are kept stay."""
    return _changed(known(wanted), "")


@blueprint.get("/repositories/<path:wanted>/builds")
def show(wanted: str) -> Response:
    """Tell which ref is kept, and the latest build."""
    return jsonify(_view(known(wanted)))


def _changed(repository: Repository, ref: str) -> Response:
    return jsonify(_view(repositories.update(repository["_id"], build_ref=ref) or repository))


def _view(repository: Repository) -> Document:
    names = {"ref": "build_ref", "commit": "build_sha", "at": "build_at", "error": "build_error"}
    return {name: repository.get(field) or None for name, field in names.items()}
