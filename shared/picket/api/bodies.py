"""Reading request bodies."""

from __future__ import annotations

from typing import TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from picket.errors import Malformed, WrongMediaType

M = TypeVar("M", bound=BaseModel)


def read(model: type[M]) -> M:
    """Build *model* from the request's JSON body; no body counts as an empty object.

    Raises:
        Malformed: It does not fit; says where.
        WrongMediaType: It is not sent as JSON.
    """
    body = raw()
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise malformed(error) from None


def raw() -> bytes:
    """Return the body as sent.

    A page of another site can make a browser post a form or plain text here without asking, but not JSON.

    Raises:
        WrongMediaType: There is a body, and its content type is not JSON.
    """
    body = request.get_data()
    if body and request.mimetype != "application/json":
        raise WrongMediaType("the body must be application/json")
    return body


def malformed(error: ValidationError) -> Malformed:
    """Say where a body does not fit, never what it holds."""
    first = error.errors(include_input=False, include_url=False)[0]
    return Malformed(f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}")
