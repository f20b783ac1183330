"""What a process makes on first use and keeps: settings, connections, rules, applications.

One object keeps all of it, so that a caller can drop everything at once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


class Context:
    """Caches results of functions, and closes those that need closing."""

    def __init__(self) -> None:
        self._kept: list[tuple[Any, Callable[[Any], object] | None]] = []

    def kept(self, make: Callable[P, T]) -> Callable[P, T]:
        """Decorate a function whose result is kept, one for each of its arguments.

        It is made on first use: gunicorn imports before it forks, and connections do not survive that.
        """
        return self._keep(make, None, None)

    def kept_until(self, end: Callable[[T], object]) -> Callable[[Callable[[], T]], Callable[[], T]]:
        """Return a decorator as `kept` is; *end* closes the result if there is one."""
        return lambda make: self._keep(make, None, end)

    def last(self, most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
        """Return a decorator as `kept` is, of a function whose *most* last used results are kept."""
        return lambda make: self._keep(make, most, None)

    def _keep(self, make: Callable[P, T], most: int | None, end: Callable[[T], object] | None) -> Callable[P, T]:
        kept = lru_cache(maxsize=most)(make)
        self._kept.append((kept, end))
        return cast("Callable[P, T]", kept)

    def forget(self) -> None:
        """Drop everything, as after a change of the environment."""
        for kept, end in self._kept:
            if end is not None and kept.cache_info().currsize:
                end(kept())
        for kept, _ in self._kept:
            kept.cache_clear()


context = Context()
"""The one of this process."""
