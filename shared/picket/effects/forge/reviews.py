"""Showing findings at their lines: carrying out what a forge's generator says."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from pydantic import SecretStr, ValidationError

from picket.effects.exchange import Answer
from picket.effects.forge import client
from picket.effects.forge.client import Caller
from picket.errors import Unauthorized, Unsupported
from picket.forges import FORGES
from picket.forges.reviewing import Ask, Keep, Kept, Reply, Review

_MOST_STEPS = 2_000
_SIZE = 4 * 1024 * 1024


def show(forge: str, review: Review, known: Kept, token: SecretStr, keep: Callable[[Kept], None]) -> None:
    """Show what was found in a commit, if its forge supports that.

    Args:
        forge: Name of the forge.
        review: What is to be shown.
        known: What was kept last.
        token: Access token.
        keep: Keeps something for the next time.

    Raises:
        Unsupported: The forge answers what its API does not.
        PicketError: As `client.get`.
    """
    reporting = FORGES[forge].reporting
    if reporting.review is None:
        return
    caller, steps, reply = Caller(forge, token), reporting.review(review, known), Reply(0)
    try:
        step = next(steps)
        for _ in range(_MOST_STEPS):
            if isinstance(step, Keep):
                keep(step.known)
                reply = Reply(0)
            else:
                reply = _sent(caller, step, reporting.headers(token.get_secret_value()))
            step = steps.send(reply)
    except StopIteration:
        return
    except (ValidationError, ValueError, KeyError, AttributeError, TypeError):
        raise Unsupported("the forge's answer to what was found does not fit its API") from None
    finally:
        steps.close()
    raise Unsupported("the forge leads to ever more requests")


def upload(forge: str, review: Review, token: SecretStr) -> bool:
    """Hand what a pull request brings to its forge's own page of findings; False where it has none.

    Raises:
        PicketError: As `client.send`.
    """
    reporting = FORGES[forge].reporting
    if reporting.upload is None:
        return False
    headers = reporting.headers(token.get_secret_value())
    _sent(Caller(forge, token), Ask(reporting.upload(review)), headers)
    return True


def _sent(caller: Caller, step: Ask, headers: dict[str, str]) -> Reply:
    request = step.request
    try:
        if request.method == "GET":
            answer = client.get(caller, request.url, {**headers, **request.headers}, most=_SIZE)
        else:
            answer = client.send(caller, request.method, request.url, {**headers, **request.headers}, request.body)
    except client.Absent:
        if HTTPStatus.NOT_FOUND not in step.bears:
            raise
        return Reply(HTTPStatus.NOT_FOUND)
    except Unauthorized:
        if HTTPStatus.FORBIDDEN not in step.bears:
            raise
        return Reply(HTTPStatus.FORBIDDEN)
    except client.Refused as error:
        if error.answer.status not in step.bears:
            raise
        answer = error.answer
    return _reply(answer)


def _reply(answer: Answer) -> Reply:
    return Reply(answer.status, answer.headers, answer.body)
