"""The rules in force: those shipped with Picket, or a team's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from picket.detection.caching import read_json, write_atomically
from picket.detection.model import Rule, Ruleset
from picket.errors import Malformed

ENGINE_VERSION = "2"
"""Part of every digest: raise it when the engine finds other things by the same rules."""

# What a shipped rule need not repeat. Boundaries: no letter or digit may touch a token on either side.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "distinctive": {"before": "A-Za-z0-9", "after": "A-Za-z0-9", "confidence": 0.95, "severity": "high"},
    "structural": {"confidence": 0.9, "severity": "high"},
    "contextual": {"after": "A-Za-z0-9", "confidence": 0.75, "severity": "high"},
    "generic": {"confidence": 0.55, "severity": "medium", "reach": 256, "lookback": 128},
}
_CHECKS = {
    "distinctive": ["placeholder", "entropy", "path"],
    "structural": ["path"],
    "contextual": ["placeholder", "entropy", "mixed", "path"],
    "generic": ["placeholder", "path"],
}


@cache
def default_ruleset(cache_dir: Path | None = None) -> Ruleset:
    """Read the shipped rules, `rules/*.toml`: one file per category.

    Args:
        cache_dir: Folder that keeps them parsed between processes: reading JSON takes a tenth of the time.

    Raises:
        Malformed: A shipped rule is broken, which tests rule out.
    """
    path = cache_dir / f"rules-{default_digest()[:24]}.json" if cache_dir else None
    known = read_json(path) if path else None
    rules = _stored_rules(known) if known else ()
    if not rules:
        rules = tuple(rule for file in _shipped() for rule in _shipped_rules(file.read_text("utf-8"), file.name))
        if path:
            write_atomically(path, json.dumps([_plain(rule) for rule in rules]).encode())
    return Ruleset(rules, digest=default_digest())


@cache
def default_digest() -> str:
    """Digest of the shipped rules: 64 hex over the files' bytes and the engine's version; nothing is parsed."""
    digest = hashlib.sha256(ENGINE_VERSION.encode())
    for file in _shipped():
        content = file.read_bytes()
        digest.update(f"\n{file.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def parse_ruleset(text: str, *, name: str, read: Callable[[str], str] | None = None) -> Ruleset:
    """Read a team's own gitleaks configuration.

    Args:
        text: TOML in gitleaks' schema; `[extend] useDefault` means Picket's rules.
        name: The file's name, for errors.
        read: Gives the text of a file named by `[extend] path`; without it such a file is an error.

    Raises:
        Malformed: Names the file, the rule where there is one, and the reason.
    """
    from picket.detection.gitleaks import ruleset_from  # noqa: PLC0415 - most scans use the shipped rules

    ruleset = ruleset_from(_parsed(text, name), name, default_ruleset, read)
    content = json.dumps([asdict(replace(ruleset, digest="")), ENGINE_VERSION], sort_keys=True)
    return replace(ruleset, digest=hashlib.sha256(content.encode()).hexdigest())


def _plain(rule: Rule) -> dict[str, Any]:
    """Express a shipped rule by what differs from the defaults; none has allow-lists or requirements of its own."""
    return {
        field.name: value
        for field in fields(Rule)
        if (value := getattr(rule, field.name)) != (field.default if field.name != "id" else None)
    }


def _stored_rules(rows: Any) -> tuple[Rule, ...]:  # noqa: ANN401 - what JSON holds
    """Make rules of what `_plain` gave; none when it is something else, as after a change of `Rule`."""
    try:
        return tuple(Rule(**{name: _frozen(value) for name, value in row.items()}) for row in rows)
    except (TypeError, AttributeError):
        return ()


def _frozen(value: Any) -> Any:  # noqa: ANN401 - likewise
    return tuple(value) if isinstance(value, list) else value


def _shipped() -> Iterator[Traversable]:
    folder = files("picket.detection") / "rules"
    return iter(sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name))


def _shipped_rules(text: str, name: str) -> Iterator[Rule]:
    from picket.detection.gitleaks import rule_from  # noqa: PLC0415 - as above

    document = _parsed(text, name)
    providers = document.get("providers", {})
    for row in document["rules"]:
        specificity = row.get("specificity", "distinctive")
        provider = row.get("provider", "")
        known = {
            "category": document["category"],
            "description": f"{provider} {row.get('credential', '')}",
            "remediation": f"Revoke it at {provider}, issue a new one, and look for its use in the provider's logs.",
        }
        checks = row.get("checks", _CHECKS[specificity]) + row.get("evidence", [])
        try:
            yield rule_from(
                known | _DEFAULTS[specificity] | providers.get(provider, {}) | row | {"checks": checks}, verify=False
            )
        except Malformed as error:
            raise Malformed(f"{name}: rule {row.get('id')}: {error}") from None


def _parsed(text: str, name: str) -> dict[str, Any]:
    from tomllib import TOMLDecodeError, loads  # noqa: PLC0415 - not needed for the digest

    try:
        return loads(text)
    except TOMLDecodeError as error:
        raise Malformed(f"{name}: not TOML: {error}") from None
