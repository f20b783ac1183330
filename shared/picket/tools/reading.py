"""What all formats share when a document is read: errors that say where, and one way to keep what can be used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from picket.errors import Malformed
from picket.findings.model import LeftOut, Problem, Report
from picket.tools.places import Outside

T = TypeVar("T")
MAX_RESULTS = 100_000
"""Results of one report, and members of any list in it."""
_LARGEST = 2**31 - 1
"""A store takes no larger numbers than 64 bits hold, and no file has more lines."""
_MAX_TEXT = 1_000


class Part(BaseModel):
    """A part of a document; what it holds besides is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True)


Number = Annotated[int, BeforeValidator(lambda value: 0 if value is None else value), Field(ge=0, le=_LARGEST)]
"""A line or column; 0 where none is told."""
Told = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""Text; empty where it is null."""
Listed = Annotated[
    tuple[T, ...], BeforeValidator(lambda value: () if value is None else value), Field(max_length=MAX_RESULTS)
]
"""A list; empty where it is null, as programs in Go write it."""


class Unusable(Exception):
    """A result says what is not kept here; the message says why, and quotes nothing of it."""


def validated(model: type[T] | TypeAdapter[T], document: Any, name: str) -> T:  # noqa: ANN401 - JSON
    """Read *document* by *model*, a pydantic model or type adapter.

    Args:
        model: What it is to fit.
        document: The JSON.
        name: What the format is called in an error.

    Raises:
        Malformed: It does not fit; says where, and quotes nothing of it.
    """
    adapter = model if isinstance(model, TypeAdapter) else TypeAdapter(model)
    try:
        return adapter.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "the top"
        raise Malformed(f"not {name} at {where[:200]}: {first['msg'][:200]}") from None
    except RecursionError:
        raise Malformed(f"not {name}: nested too deeply") from None


def report(
    results: Iterable[tuple[str, T]],
    problem: Callable[[T], Problem],
    *,
    left_out: Iterable[LeftOut] = (),
    version: str = "",
    succeeded: bool = True,
) -> Report:
    """Return what a document says: a problem for each result, or why that one is left out.

    Args:
        results: Where each stands in the document, and the result.
        problem: Makes a problem of a result; `Outside`, `Unusable` and values that a problem cannot have leave it out.
        left_out: What the document itself says was not looked at.
        version: The tool's.
        succeeded: Whether the tool ran to its end, as far as the document tells.
    """
    problems: list[Problem] = []
    besides = list(left_out)
    for where, result in results:
        try:
            problems.append(problem(result))
        except (Outside, Unusable) as error:
            besides.append(omitted(where, str(error)))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            besides.append(omitted(where, f"its {first['loc'][0]} cannot be kept: {first['msg']}"))
    return Report(tool_version=version[:200], problems=tuple(problems), left_out=tuple(besides), succeeded=succeeded)


def omitted(where: str, reason: str) -> LeftOut:
    """Return that a part of a report is not applied, or that the tool did not look at something."""
    return LeftOut(where=clipped(where), reason=clipped(reason))


def clipped(text: str) -> str:
    """Return as much of a text as a problem keeps."""
    return text[:_MAX_TEXT]


def linked(url: str) -> str:
    """Return a URL that a person may follow; empty for another, such as one that runs a script."""
    return clipped(url) if url.startswith(("https://", "http://")) else ""
