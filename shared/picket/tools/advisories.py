"""Ids of a vulnerability: which of them names it, and which are other names of the same one."""

from __future__ import annotations

from collections.abc import Iterable


def named(told: str, others: Iterable[str] = ()) -> tuple[str, tuple[str, ...]]:
    """Return the id that names a vulnerability, and its aliases, sorted.

    Args:
        told: The id that the tool tells.
        others: Ids that the tool says are the same.

    Returns:
        The only CVE among them, since every tool knows that one, else what the tool told. A record that names more
        than one CVE is a bundle: none of them is an alias, or different vulnerabilities would become one.
    """
    first = spelt(told)
    ids = {first, *map(spelt, others)} - {""}
    numbered = {one for one in ids if one.startswith("CVE-")}
    if len(numbered) == 1:
        [first] = numbered
    elif numbered:
        ids -= numbered
    return first, tuple(sorted(ids - {first}))


def spelt(name: str) -> str:
    """Return an id in the spelling of those who give it: `CVE-2024-1`, `GHSA-xxxx-xxxx-xxxx`."""
    plain = name.strip()
    upper = plain.upper()
    if upper.startswith("GHSA-"):
        return f"GHSA{plain[4:].lower()}"
    return upper if upper.startswith(("CVE-", "GO-", "PYSEC-", "RUSTSEC-")) else plain
