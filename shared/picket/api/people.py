"""Forgetting people: pseudonyms in place of their names and addresses in what is stored."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from picket.api.bodies import read
from picket.effects.mongo import people

blueprint = Blueprint("people", __name__)
AT_ONCE = 1_000
"""Documents that one request changes."""


class PersonOrder(BaseModel):
    """Whom to forget: the address or the name as commits and decisions have it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    person: str = Field(min_length=1, max_length=300, pattern=r"\S")


@blueprint.post("/people/forget")
def forget() -> Response:
    """Put a pseudonym in place of a person, in some documents; `is_more` says that it is to be asked for again.

    Nothing is kept from which the person could be told, and so nothing goes on in the background: other functions learn
    of it within a minute, and what they record until then is found by asking once more.
    """
    person = read(PersonOrder).person.strip()
    name, changed = people.remember(person), 0
    for part in people.COLLECTIONS:
        changed += people.veil_some(part, person, AT_ONCE - changed) if changed < AT_ONCE else 0
    return jsonify({"pseudonym": name, "changed": changed, "is_more": changed == AT_ONCE})
