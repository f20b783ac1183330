"""The policy in force, how far it is applied, and what another one would change."""

from __future__ import annotations

from collections import Counter

from flask import Blueprint, Response, jsonify, request

from picket.api.paging import paged
from picket.effects import policy as effective
from picket.effects.mongo import finding_lists, repositories
from picket.effects.mongo.client import Document
from picket.errors import WrongMediaType
from picket.orchestration import reevaluation, trial
from picket.policy.rules import combined

blueprint = Blueprint("policy", __name__)
_TYPES = frozenset({"application/yaml", "application/x-yaml", "text/yaml"})
_EXAMPLES = 20


@blueprint.get("/policy")
def show() -> Response:
    """Show the policy in force, and how many stored findings are still to be judged by it."""
    policy = effective.policy()
    rules = [{"id": rule.id, "description": rule.description} for rule in policy.rules]
    waits = [approval.model_dump(mode="json") for approval in policy.approvals]
    told = {"digest": policy.digest, "version": policy.version, "rules": rules, "approvals": waits}
    return jsonify({**told, "reevaluation": reevaluation.progress()})


@blueprint.post("/policy/test")
def test() -> Response:
    """Tell what a policy would change of a page of stored findings; nothing is changed."""
    if request.mimetype not in _TYPES:
        raise WrongMediaType("a policy is sent as application/yaml")
    policy = combined(request.get_data().decode("utf-8", "replace"), name="policy")
    documents, cursor = paged(lambda after, limit: finding_lists.page({}, after, limit))
    known: dict[str, Document] = {
        one["_id"]: one for one in repositories.get_many(sorted({one["repository"] for one in documents}))
    }
    changes = [
        change
        for one in documents
        if one["repository"] in known and (change := trial.change(one, known[one["repository"]], policy))
    ]
    counts = Counter(
        f"{name}: {change[name][0]} to {change[name][1]}"
        for change in changes
        for name in trial.COUNTED
        if name in change
    )
    return jsonify(
        {
            "digest": policy.digest,
            "looked_at": len(documents),
            "changed": len(changes),
            "counts": dict(sorted(counts.items())),
            "examples": changes[:_EXAMPLES],
            "next": cursor,
        }
    )
