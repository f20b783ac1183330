"""What a forge says of itself."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from picket.records import dataclass

if TYPE_CHECKING:
    from picket.forges.hooks import Managing
    from picket.forges.listing import Listing
    from picket.forges.reporting import Reporting
    from picket.webhooks.receiving import Receiving


@dataclass(frozen=True, slots=True)
class Forge:
    """A forge.

    Attributes:
        package: Its folder, `__name__` there.
        home: Host of its public instance; empty if it has none.
        folding_hosts: Hosts of which owner and name are the same in any case.
        pull_requests: Where it keeps the heads of pull requests.
        receives: Whether its folder has a module `receiving` with `RECEIVING`: its webhooks are taken.
        lists: Whether its folder has a module `listing` with `LISTING`: repositories of organizations are listed.
        reports: Whether its folder has a module `reporting` with `REPORTING`: it is told what was found in a commit.
        manages: Whether its folder has a module `hooks` with `HOOKS`: its webhooks are made and kept as they should be.
        pipeline: Where a repository keeps what its CI is to do; the folder's `ci.yaml` is for that. Empty: it has none.
        signs_in: Whether its API answers a token that it refuses with a page to sign in at, or a redirect to one.
        allowances: How many requests that make content one token may send in how many seconds.
        limited: Hosts, their subdomains among them, on which those hold; its own servers elsewhere are not bounded.
        git_user: As whom a token of its home is sent by git.
    """

    package: str
    home: str = ""
    folding_hosts: frozenset[str] = frozenset()
    pull_requests: tuple[str, ...] = ()
    receives: bool = False
    lists: bool = False
    reports: bool = False
    manages: bool = False
    pipeline: str = ""
    signs_in: bool = False
    allowances: tuple[tuple[int, int], ...] = ()
    limited: frozenset[str] = frozenset()
    git_user: str = "x-access-token"

    @property
    def receiving(self) -> Receiving:
        """How its webhooks are read."""
        return cast("Receiving", import_module(f"{self.package}.receiving").RECEIVING)

    @property
    def reporting(self) -> Reporting:
        """How it is told what was found in a commit."""
        return cast("Reporting", import_module(f"{self.package}.reporting").REPORTING)

    @property
    def hooks(self) -> Managing:
        """How its webhooks are managed."""
        return cast("Managing", import_module(f"{self.package}.hooks").HOOKS)

    @property
    def listing(self) -> Listing:
        """How its API lists repositories."""
        return cast("Listing", import_module(f"{self.package}.listing").LISTING)
