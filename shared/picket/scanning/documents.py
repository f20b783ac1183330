"""A finding as the JSON that every format is made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from picket.detection.randomness import shannon_entropy
from picket.detection.record import evidence_of
from picket.detection.report import Occurrence
from picket.findings.identity import value_id
from picket.records import dataclass, field
from picket.scanning.findings import Finding
from picket.scanning.known import fingerprint
from picket.scanning.result import Json
from picket.scanning.uris import uri


@dataclass(frozen=True, slots=True)
class Describe:
    """How findings are described.

    `key` is that of the HMAC that is a finding's id; `odd` has the bytes of paths that are not UTF-8, by what is shown
    in their place; `redact` leaves the secret itself out; `unreachable` tells what no ref leads to, where that was
    looked at.
    """

    key: bytes = field(repr=False)
    odd: Mapping[str, bytes]
    redact: bool
    unreachable: Callable[[Occurrence], bool] | None = None

    def finding(self, finding: Finding, *, hidden: str) -> Json:
        """Describe a finding. Its place, commit and fingerprint are those of the oldest occurrence.

        Args:
            finding: What was found.
            hidden: Why it is not to be shown; empty if it is.
        """
        hit, first = finding.best, finding.occurrences[0]
        return {
            "id": value_id(self.key, finding.identity),
            **evidence_of(hit),
            **self._place(first),
            **(self._reach(*finding.occurrences)),
            **({} if self.redact else {"secret": hit.secret.decode("utf-8", "replace")}),
            "entropy": round(shannon_entropy(hit.secret), 2),
            "tags": list(hit.rule.tags),
            "doc_url": hit.rule.doc_url,
            "occurrences": [{**self._place(each), **self._reach(each)} for each in finding.occurrences],
            "hidden": hidden,
        }

    def _place(self, each: Occurrence) -> Json:
        at, commit = each.at, each.commit
        return {
            "path": at.path,
            "uri": uri(at, self.odd),
            "start_line": at.start_line,
            "start_column": at.start_column,
            "end_line": at.end_line,
            "end_column": at.end_column,
            "commit": commit.sha,
            "author": commit.author,
            "email": commit.email,
            "date": commit.date,
            "committed": commit.committed,
            "fingerprint": fingerprint(each),
            **({} if at.path or commit.sha else {"blob": each.blob}),
        }

    def _reach(self, *occurrences: Occurrence) -> Json:
        """Say whether no ref leads to any of *occurrences*; nothing where only what refs lead to was looked at."""
        return {"unreachable": all(map(self.unreachable, occurrences))} if self.unreachable else {}
