"""Scanning bytes: what the prefilter says nothing about costs one pass; the rest is examined closely.

Most texts are of the first kind, and a hook often sees no other: what examines is imported when it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from picket.detection.caching import Folder
from picket.detection.model import Dropped, Hit, Ruleset
from picket.detection.prefilter import Prefilter
from picket.detection.text import as_utf8
from picket.detection.triggers import TRIGGERS

if TYPE_CHECKING:
    from picket.detection.examination import Examination


class Engine:
    """Finds credentials by one ruleset. Cheap to make: the database is compiled or loaded by the first scan.

    Args:
        ruleset: The rules in force.
        cache_dir: Folder that keeps compiled databases between processes; nothing is written without it.
        decode_depth: How many encodings, one inside the other, are decoded and scanned again; 0 for none.
    """

    def __init__(self, ruleset: Ruleset, *, cache_dir: Folder | None = None, decode_depth: int = 2) -> None:
        self.ruleset = ruleset
        self.decode_depth = decode_depth
        self.prefilter = Prefilter(ruleset.rules, ruleset.digest, cache_dir, TRIGGERS if decode_depth else ())
        self._remembers = False
        self._examination: Examination | None = None

    def remember(self) -> None:
        """Remember from now on what was found where: pays off when many versions of the same texts follow."""
        self._remembers = True
        if self._examination:
            self._examination.remembers = True
        self.prefilter.remember()

    def forget(self) -> None:
        """Forget the secrets that are remembered, not which passages have none: at the end of some work."""
        if self._examination:
            self._examination.forget()

    def scan(self, content: bytes, path: str = "", commit: str = "") -> list[Hit]:
        """Find the credentials in one blob.

        UTF-16 with a byte order mark is read as text. In binary content only distinctive formats are looked for.

        Args:
            content: The blob.
            path: Where it stands in its repository, with forward slashes; moves confidence, may exclude rules.
            commit: Full id, for allow-lists that name commits.

        Returns:
            Hits by offset, none overlapping another; but several decoded from one run stand all where it stands.
        """
        [hits] = self.scan_at(content, [path], commit)
        return hits

    def scan_at(self, content: bytes, paths: Sequence[str], commit: str = "") -> list[list[Hit]]:
        """Find the credentials in one blob that stands at several paths, for little more than at one; see `scan`.

        Returns:
            Hits for each of *paths*.
        """
        return [hits for hits, _ in self._examine(content, paths, commit, explain=False)]

    def explain(self, content: bytes, path: str = "", commit: str = "") -> list[Dropped]:
        """Tell which candidates of one blob were dropped, and why. Arguments as for `scan`; order by offset."""
        [(_, dropped)] = self._examine(content, [path], commit, explain=True)
        return sorted(dropped, key=lambda each: (each.start, each.rule))

    def _examine(
        self, content: bytes, paths: Sequence[str], commit: str, *, explain: bool
    ) -> list[tuple[list[Hit], list[Dropped]]]:
        text = as_utf8(content)
        windows = self.prefilter.windows(text)
        if not windows and not self.prefilter.patternless:
            return [([], []) for _ in paths]
        if self._examination is None:
            from picket.detection.examination import Examination  # noqa: PLC0415 - see above

            self._examination = Examination(self.ruleset, self.prefilter, self.decode_depth, remembers=self._remembers)
        examination = self._examination
        return [examination.of(content, text, (path, commit), windows, explain=explain) for path in paths]
