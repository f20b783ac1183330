"""What all formats share when a document is read: one error that says where."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from picket.errors import Malformed

T = TypeVar("T")


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
