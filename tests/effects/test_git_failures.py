"""What a failed fetch means is read from git's own words."""

import pytest

from picket.effects.git.command import GitFailed
from picket.effects.git.failures import NotThere, meaning
from picket.errors import Damaged, Gone, TransientError, Unsupported

OID = "5" * 40


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        pytest.param("git@h: Permission denied (publickey).", Gone, id="a key that the forge does not know"),
        pytest.param("error: unable to create temporary file: Permission denied", TransientError, id="our own disk"),
        pytest.param("fatal: repository 'https://h/o/r/' not found", Gone, id="not found"),
        pytest.param(
            f"fatal: remote error: upload-pack: not our ref {OID}", NotThere, id="an object that is not there"
        ),
        pytest.param(f"remote: fatal: unable to read {OID}", Damaged, id="a missing blob"),
        pytest.param(f"remote: error: Could not read {OID}", Damaged, id="a missing commit"),
        pytest.param("fatal: mismatched algorithms: client sha1; server sha256", Unsupported, id="another format"),
        pytest.param("fatal: unable to read askpass response", TransientError, id="words that only look like damage"),
        pytest.param("fatal: Could not read from remote repository.", TransientError, id="a connection that broke"),
        pytest.param(
            "fetch-pack: unexpected disconnect / fatal: early EOF", TransientError, id="a transfer that broke"
        ),
    ],
)
def test_git_is_understood(said: str, kind: type[Exception]) -> None:
    found = meaning(GitFailed(128, said))

    assert type(found) is kind
    if kind in {Damaged, NotThere}:
        assert OID in str(found)
