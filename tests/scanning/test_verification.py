"""`picket scan --verify` asks providers about what it finds, and no scan does without it."""

from pathlib import Path

from tests.scanning.conftest import Picket
from tests.support import secrets
from tests.support.providers import Providers, Said
from tests.support.repositories import Work


def test_each_secret_is_asked_about_once_and_what_works_is_critical(
    picket: Picket, work: Work, provider: Providers
) -> None:
    live, dead = secrets.github_token(1), secrets.github_token(2)
    work.commit({"a.py": f"a = '{live}'\nb = '{dead}'\n", "b.py": f"a = '{live}'\n"})
    works = Said(200, '{"login": "octocat"}')
    fails = Said(401, '{"message": "Bad credentials"}')
    provider.say = lambda request: works if live in request.headers["authorization"] else fails

    found = picket("--verify", work.path).findings

    said = {each["verification"]["result"]: (each["severity"], each["verification"]["owner"]) for each in found}
    assert said == {"live": ("critical", "octocat"), "dead": ("critical", "")}
    assert len(provider.asked) == 2
    assert "(live)" in picket("--verify", work.path, as_json=False).out


def test_files_and_standard_input_are_asked_about_too(picket: Picket, tmp_path: Path, provider: Providers) -> None:
    provider.say = lambda _request: Said(429)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.py").write_text(f"a = '{secrets.github_token(1)}'\n")

    [found] = picket("--verify", "--no-git", tmp_path / "files").findings
    [same] = picket("--verify", "-", stdin=f"a = '{secrets.github_token(1)}'\n").findings

    assert [each["verification"]["result"] for each in (found, same)] == ["unknown", "unknown"]


def test_without_the_option_nobody_is_asked(picket: Picket, work: Work, provider: Providers) -> None:
    work.commit({"a.py": f"a = '{secrets.github_token(1)}'\n"})

    [found] = picket(work.path).findings

    assert "verification" not in found
    assert provider.asked == []


def test_what_nobody_can_be_asked_about_is_unknown(picket: Picket, work: Work, provider: Providers) -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA" + "x7Qk9" * 60 + "\n-----END RSA PRIVATE KEY-----\n"
    work.commit({"id_rsa": key})

    found = picket("--verify", "--min-confidence", "0", work.path).findings

    assert {each["verification"]["result"] for each in found} <= {"unknown"}
    assert provider.asked == []
