"""The ids of rules, read without making the rules: that needs a matcher, which only those who look have."""

from __future__ import annotations

from pathlib import Path
from tomllib import TOMLDecodeError, loads
from typing import Any

from picket.errors import Malformed


def rule_ids(team: str | None = None, *, name: str = "") -> frozenset[str]:
    """Return the ids of the rules in force.

    Args:
        team: A team's own gitleaks configuration; None: the shipped rules are in force.
        name: The file's name, for errors.

    Raises:
        Malformed: The configuration is not TOML, or its tables are something else.
    """
    if team is None:
        return _shipped()
    try:
        document = loads(team)
        extend = document.get("extend", {})
        inherited = _shipped() - set(extend.get("disabledRules", ())) if extend.get("useDefault") else frozenset[str]()
        return inherited | _ids(document)
    except (TOMLDecodeError, RecursionError):
        raise Malformed(f"{name}: not TOML") from None
    except (AttributeError, KeyError, TypeError):
        raise Malformed(f"{name}: not a file of rules") from None


def _shipped() -> frozenset[str]:
    files = sorted((Path(__file__).parent / "rules").glob("*.toml"))
    return frozenset[str]().union(*(_ids(loads(file.read_text("utf-8"))) for file in files))


def _ids(document: dict[str, Any]) -> frozenset[str]:
    return frozenset(str(rule["id"]) for rule in document.get("rules", ()))
