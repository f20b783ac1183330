"""The rules in force: those shipped with Picket, or a team's own."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, overload

from picket.detection.caching import Folder, read, write_atomically
from picket.detection.model import Rule, Ruleset
from picket.detection.vicinity import GAP
from picket.errors import Malformed
from picket.records import replace

ENGINE_VERSION = "3"
"""Part of every digest: raise it when the engine finds other things by the same rules."""

# What a shipped rule need not repeat. Boundaries: no letter or digit may touch a token on either side.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "distinctive": {"before": "A-Za-z0-9", "after": "A-Za-z0-9", "confidence": 0.95, "severity": "high"},
    "structural": {"confidence": 0.9, "severity": "high"},
    "contextual": {"after": "A-Za-z0-9_+/=-", "confidence": 0.75, "severity": "high"},
    "generic": {"confidence": 0.55, "severity": "medium", "reach": 256, "lookback": 128},
}
LONGEST_WORD = 48
"""Bytes that the word of a contextual rule may have."""
NEAR_REACH = 288
"""Bytes of the longest match of a contextual rule whose value has 150 or fewer."""
_CHECKS = {
    "distinctive": ["placeholder", "entropy", "path"],
    "structural": ["path"],
    "contextual": ["placeholder", "entropy", "mixed", "path", "whole", "label", "assigned", "distance", "wordlike"],
    "generic": ["placeholder", "path"],
}


@cache
def default_ruleset(cache_dir: Folder | None = None) -> Ruleset:
    """Read the shipped rules, `rules/*.toml`: one file per category.

    Args:
        cache_dir: Folder that keeps them parsed between processes: reading JSON takes a tenth of the time.

    Raises:
        Malformed: A shipped rule is broken, which tests rule out.
    """
    path = os.path.join(cache_dir, f"rules-{default_digest()[:24]}.jsonl") if cache_dir else None
    rules = _restored(read(path)) if path else None
    if rules is None:
        rules = tuple(rule for name, content in _shipped() for rule in _shipped_rules(content.decode(), name))
        if path:
            write_atomically(path, _stored(rules))
    return Ruleset(rules, digest=default_digest())


@cache
def default_digest() -> str:
    """Digest of the shipped rules: 64 hex over the files' bytes and the engine's version; nothing is parsed."""
    digest = hashlib.sha256(ENGINE_VERSION.encode())
    for name, content in _shipped():
        digest.update(f"\n{name} {len(content)}\n".encode() + content)
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
    from dataclasses import asdict  # noqa: PLC0415 - most scans use the shipped rules

    from picket.detection.gitleaks import ruleset_from  # noqa: PLC0415 - most scans use the shipped rules

    ruleset = ruleset_from(_parsed(text, name), name, default_ruleset, read)
    rules, allowlists = map(asdict, ruleset.rules), map(asdict, ruleset.allowlists)
    content = json.dumps([list(rules), list(allowlists), ENGINE_VERSION], sort_keys=True)
    lists = [*ruleset.allowlists, *(each for rule in ruleset.rules for each in rule.allowlists)]
    return replace(
        ruleset,
        digest=hashlib.sha256(content.encode()).hexdigest(),
        named_commits=frozenset(commit for each in lists for commit in each.commits),
    )


class _Rules(Sequence[Rule]):
    """Rules made of their lines of JSON when they are asked for: a scan needs those few that its texts call for."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self._lines = lines
        self._made: dict[int, Rule] = {}

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, index: int) -> Rule: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Rule]: ...

    def __getitem__(self, index: int | slice) -> Rule | Sequence[Rule]:
        if isinstance(index, slice):
            return tuple(self[each] for each in range(*index.indices(len(self))))
        index = range(len(self))[index]
        if index not in self._made:
            row = json.loads(self._lines[index])
            self._made[index] = Rule(**{name: _frozen(value) for name, value in row.items()})
        return self._made[index]


def _stored(rules: Sequence[Rule]) -> bytes:
    """Write rules as lines of JSON after a digest of them."""
    body = b"\n".join(json.dumps(_plain(rule)).encode() for rule in rules)
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _restored(stored: bytes) -> Sequence[Rule] | None:
    """Read what `_stored` wrote; `None` when it is not there or damaged."""
    digest, _, body = stored.partition(b"\n")
    if digest.decode("ascii", "replace") != hashlib.sha256(body).hexdigest():
        return None
    return _Rules(body.split(b"\n"))


def _plain(rule: Rule) -> dict[str, Any]:
    """Express a shipped rule by what differs from the defaults; none has allow-lists or requirements of its own."""
    from dataclasses import fields  # noqa: PLC0415 - once, when they are parsed

    return {
        field.name: value
        for field in fields(Rule)
        if (value := getattr(rule, field.name)) != (field.default if field.name != "id" else None)
    }


def _frozen(value: Any) -> Any:  # noqa: ANN401 - what JSON holds
    return tuple(value) if isinstance(value, list) else value


def _shipped() -> Iterator[tuple[str, bytes]]:
    folder = os.path.join(os.path.dirname(__file__), "rules")
    for name in sorted(name for name in os.listdir(folder) if name.endswith(".toml")):
        with open(os.path.join(folder, name), "rb") as file:
            yield name, file.read()


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
        word, gap, _ = row.get("regex", "").partition(GAP)
        near = {"prefilter": word, "lookback": LONGEST_WORD, "reach": NEAR_REACH} if gap else {}
        try:
            yield rule_from(
                known | _DEFAULTS[specificity] | near | providers.get(provider, {}) | row | {"checks": checks},
                verify=False,
            )
        except Malformed as error:
            raise Malformed(f"{name}: rule {row.get('id')}: {error}") from None


def _parsed(text: str, name: str) -> dict[str, Any]:
    from tomllib import TOMLDecodeError, loads  # noqa: PLC0415 - not needed for the digest

    try:
        return loads(text)
    except TOMLDecodeError as error:
        raise Malformed(f"{name}: not TOML: {error}") from None
    except RecursionError:
        raise Malformed(f"{name}: tables are nested too deeply") from None
