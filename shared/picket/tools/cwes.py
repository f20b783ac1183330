"""Weaknesses by their numbers in the Common Weakness Enumeration, however a tool writes them.

Source: https://cwe.mitre.org.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_CWE = re.compile(r"\bCWE[-_/ ]?0*([1-9][0-9]{0,4})\b", re.IGNORECASE)


def cwes(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the weaknesses that texts name, such as `CWE-79`, lowest first."""
    return tuple(f"CWE-{number}" for number in sorted({int(each) for text in texts for each in _CWE.findall(text)}))
