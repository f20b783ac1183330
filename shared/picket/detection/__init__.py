"""Finding leaked credentials in bytes: rules, engine, evidence, redaction.

Pure: no network, no clock; the only files are the package's own rules and the cache folder an `Engine` is given.
"""

from picket.detection.engine import Engine
from picket.detection.model import Allowlist, Dropped, Hit, Rule, Ruleset, Severity, introduced
from picket.detection.ruleset import default_digest, default_ruleset, parse_ruleset
from picket.detection.text import position
from picket.findings.redaction import redact

__all__ = [
    "Allowlist",
    "Dropped",
    "Engine",
    "Hit",
    "Rule",
    "Ruleset",
    "Severity",
    "default_digest",
    "default_ruleset",
    "introduced",
    "parse_ruleset",
    "position",
    "redact",
]
