"""The policy in force, how far it is applied, and what another one would change."""

from __future__ import annotations

from collections import Counter

import yaml
from flask import Blueprint, Response, jsonify, request

from picket.api.paging import paged
from picket.effects import policy as effective
from picket.effects.mongo import finding_lists, repositories
from picket.errors import Malformed, TooLarge, WrongMediaType
from picket.orchestration import reevaluation, trial
from picket.policy.rules import combined

blueprint = Blueprint("policy", __name__)
_TYPES = frozenset({"application/yaml", "application/x-yaml", "text/yaml"})
_EXAMPLES = 20
_MAX_BYTES = 256 * 1024
_MAX_DEPTH = 50


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
    policy = combined(_text(), name="policy")
    documents, cursor = paged(lambda after, limit: finding_lists.page({}, after, limit))
    known = {one["_id"]: one for one in repositories.get_many(sorted({one["repository"] for one in documents}))}
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


def _text() -> str:
    """Return the policy that is sent; one that repeats parts of itself by name could grow without end when it is read.

    Reading takes the longer the deeper it is nested, by the square.

    Raises:
        Malformed: It is not UTF-8 or not YAML, it has aliases, or it is nested too deeply.
        TooLarge: It has more than 256 KiB.
    """
    body = request.get_data()
    if len(body) > _MAX_BYTES:
        raise TooLarge(f"a policy has at most {_MAX_BYTES // 1024} KiB")
    try:
        text = body.decode()
        _refuse_what_grows(text)
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError):
        raise Malformed("policy: not YAML") from None
    return text


def _refuse_what_grows(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise Malformed(f"policy: nested more than {_MAX_DEPTH} deep")
        if isinstance(event, yaml.AliasEvent):
            raise Malformed("policy: aliases are not taken here")
