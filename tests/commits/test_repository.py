"""Repository addresses: what is admitted, under which name, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picket.commits.repository import parse_address
from picket.errors import Malformed, PermanentError, Unsupported


@pytest.mark.parametrize(
    ("text", "name", "url"),
    [
        ("https://github.com/Owner/Name", "github.com/owner/name", "https://github.com/Owner/Name"),
        ("https://github.com/owner/name.git", "github.com/owner/name", "https://github.com/owner/name.git"),
        ("https://GitHub.com/owner/name/", "github.com/owner/name", "https://github.com/owner/name"),
        ("git@github.com:owner/name.git", "github.com/owner/name", "ssh://git@github.com/owner/name.git"),
        ("ssh://git@forge.example/o/n", "forge.example/o/n", "ssh://git@forge.example/o/n"),
        ("github.com/owner/name", "github.com/owner/name", "https://github.com/owner/name"),
        (
            "https://forge.example:8443/Group/Sub/n",
            "forge.example:8443/Group/Sub/n",
            "https://forge.example:8443/Group/Sub/n",
        ),
        ("https://forge.example:443/o/n", "forge.example/o/n", "https://forge.example/o/n"),
        ("https://forge.example/o/n%C3%A9", "forge.example/o/n%C3%A9", "https://forge.example/o/n%C3%A9"),
        (
            "https://dev.azure.com/Acme/My%20Project/_git/web%20shop",
            "dev.azure.com/acme/my%20project/_git/web%20shop",
            "https://dev.azure.com/Acme/My%20Project/_git/web%20shop",
        ),
    ],
)
def test_one_repository_has_one_name_however_it_is_written(text: str, name: str, url: str) -> None:
    address = parse_address(text)

    assert (address.name, address.url) == (name, url)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("", Malformed, id="empty"),
        pytest.param("x" * 3000, Malformed, id="too long"),
        pytest.param("name", Malformed, id="a word"),
        pytest.param("--upload-pack=touch /tmp/x", Malformed, id="option with blank"),
        pytest.param("--upload-pack=touch", Malformed, id="option"),
        pytest.param("-oProxyCommand=x", Malformed, id="short option"),
        pytest.param("ext::sh -c id", Malformed, id="helper with blank"),
        pytest.param("ext::sh", Unsupported, id="helper"),
        pytest.param("file:///etc", Unsupported, id="file"),
        pytest.param("/etc", Unsupported, id="folder"),
        pytest.param("http://github.com/o/n", Unsupported, id="plain http"),
        pytest.param("git://github.com/o/n", Unsupported, id="git protocol"),
        pytest.param("https://user:word@github.com/o/n", Malformed, id="credentials"),
        pytest.param("https://token@github.com/o/n", Malformed, id="token as user"),
        pytest.param("ssh://git:word@github.com/o/n", Malformed, id="password for ssh"),
        pytest.param("ssh://-oProxyCommand=x/o/n", Malformed, id="ssh option as host"),
        pytest.param("ssh://-x@github.com/o/n", Malformed, id="ssh option as user"),
        pytest.param("https://github.com/-x/n", Malformed, id="option in the path"),
        pytest.param("https://github.com/o/../n", Malformed, id="parent folder"),
        pytest.param("https://github.com/o/%2e%2e/n", Malformed, id="parent folder, encoded"),
        pytest.param("https://github.com/o/n%0a", Malformed, id="newline, encoded"),
        pytest.param("https://github.com/o/n\n", Malformed, id="newline"),
        pytest.param("https://github.com/o/a b", Malformed, id="blank"),
        pytest.param("https://github.com/o/%20n", Malformed, id="blank before a name, encoded"),
        pytest.param("https://github.com/o%20/n", Malformed, id="blank behind a name, encoded"),
        pytest.param("https://github.com/o/%20", Malformed, id="only a blank, encoded"),
        pytest.param("https://github.com/o/a%09b", Malformed, id="tab, encoded"),
        pytest.param("https://github.com/o/n\x00", Malformed, id="NUL"),
        pytest.param("https://github.com/o/n?x=1", Malformed, id="query"),
        pytest.param("https://github.com/o/n#x", Malformed, id="fragment"),
        pytest.param("https://github.com/", Malformed, id="no path"),
        pytest.param("https:///o/n", Malformed, id="no host"),
        pytest.param("https://github.com:99999/o/n", Malformed, id="port out of range"),
        pytest.param("https://[::1/o/n", Malformed, id="broken IPv6"),
    ],
)
def test_everything_else_is_refused(text: str, error: type[PermanentError]) -> None:
    with pytest.raises(error):
        parse_address(text)


def test_on_one_machine_folders_and_plain_http_are_admitted() -> None:
    assert parse_address("/srv/git/x+y", local=True).url == "file:///srv/git/x%2By"
    for text in ("/srv/git/x+y", "file:///srv/git/x%20y%25"):
        address = parse_address(text, local=True)
        assert parse_address(address.url, local=True) == address
    assert parse_address("file:///srv/git/n", local=True).name == "local/srv/git/n"
    assert parse_address("http://127.0.0.1:80/o/n", local=True).name == "127.0.0.1/o/n"
    with pytest.raises(Malformed):
        parse_address("file:///srv/../etc", local=True)


def test_an_allow_list_of_hosts_is_exact() -> None:
    assert parse_address("https://forge.example/o/n", hosts=("forge.example",)).host == "forge.example"
    with pytest.raises(Unsupported):
        parse_address("https://evil.forge.example/o/n", hosts=("forge.example",))


@given(text=st.text(max_size=80), local=st.booleans())
def test_any_text_is_admitted_or_refused_and_what_is_admitted_is_harmless(text: str, *, local: bool) -> None:
    try:
        address = parse_address(text, local=local)
    except PermanentError:
        return
    assert not address.url.startswith("-")
    assert address.name.isascii()
    assert ".." not in address.url.split("/")
    assert all(ord(char) > ord(" ") for char in address.url)
    assert parse_address(address.url, local=local) == address
