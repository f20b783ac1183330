"""Is this deployment in order? As far as the api function can see."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from picket.runtime.doctor import examine, rows

blueprint = Blueprint("doctor", __name__)


@blueprint.get("/doctor")
def show() -> Response:
    """Try what a deployment needs: broker, store, indexes, clock, secrets, artifacts, the stream."""
    return jsonify({"checks": rows(examine())})
