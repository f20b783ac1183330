"""Components by package URL: whichever tool names one, it is the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from picket.components.purls import component, component_of, version_of


@pytest.mark.parametrize(
    ("ecosystem", "name", "expected"),
    [
        ("PyPI", "Django", "pkg:pypi/django"),
        ("pip", "a_b", "pkg:pypi/a-b"),
        ("python-pkg", "a-b", "pkg:pypi/a-b"),
        ("npm", "@scope/name", "pkg:npm/%40scope/name"),
        ("npm", "lodash", "pkg:npm/lodash"),
        ("Go", "github.com/a/b/v2", "pkg:golang/github.com/a/b/v2"),
        ("gomod", "stdlib", "pkg:golang/stdlib"),
        ("Maven", "org.group:artifact", "pkg:maven/org.group/artifact"),
        ("crates.io", "serde", "pkg:cargo/serde"),
        ("Packagist", "vendor/name", "pkg:composer/vendor/name"),
        ("Debian:12", "openssl", "pkg:deb/debian/openssl"),
        ("Ubuntu:22.04:LTS", "openssl", "pkg:deb/ubuntu/openssl"),
        ("Alpine:v3.19", "musl", "pkg:apk/alpine/musl"),
        ("Rocky Linux:9", "bash", "pkg:rpm/rocky-linux/bash"),
        ("GitHub Actions", "actions/checkout", "pkg:githubactions/actions/checkout"),
        ("unheard of", "x", "pkg:generic/x"),
        ("", "x", "pkg:generic/x"),
        ("npm", "", ""),
        ("npm", "  ", ""),
    ],
)
def test_a_name_in_an_ecosystem_is_a_package_url(ecosystem: str, name: str, expected: str) -> None:
    assert component(ecosystem, name) == expected


@pytest.mark.parametrize(
    ("purl", "expected"),
    [
        ("pkg:npm/%40scope/name@1.0.0", "pkg:npm/%40scope/name"),
        ("pkg:npm/@scope/name@1.0.0", "pkg:npm/%40scope/name"),
        ("pkg:pypi/A_B@1?x=y#sub", "pkg:pypi/a-b"),
        ("pkg:maven/org.group/artifact@1.0?type=jar", "pkg:maven/org.group/artifact"),
        ("pkg:golang/github.com/a/b@v1.0.0", "pkg:golang/github.com/a/b"),
        ("pkg:deb/debian/libssl3@3.0.9-1?arch=amd64&upstream=openssl", "pkg:deb/debian/openssl"),
        ("pkg:deb/debian/libssl3@3.0.9-1?upstream=openssl%403.0.9", "pkg:deb/debian/openssl"),
        ("pkg:deb/debian/libssl3@3.0.9-1?distro=debian-12", "pkg:deb/debian/libssl3"),
        ("pkg:npm/a@1?upstream=b", "pkg:npm/a"),
        (" pkg:npm/a ", "pkg:npm/a"),
        ("not a purl", ""),
        ("", ""),
        ("pkg:", ""),
        ("pkg:npm", ""),
    ],
)
def test_a_package_url_loses_version_and_qualifiers(purl: str, expected: str) -> None:
    assert component_of(purl) == expected


@pytest.mark.parametrize(
    ("purl", "version"), [("pkg:npm/a@1.0", "1.0"), ("pkg:npm/%40a/b@2", "2"), ("pkg:npm/a", ""), ("x", ""), ("", "")]
)
def test_the_version_of_a_package_url(purl: str, version: str) -> None:
    assert version_of(purl) == version


@pytest.mark.parametrize(
    ("named", "written"),
    [
        (("npm", "@a/b"), "pkg:npm/%40a/b@1"),
        (("PyPI", "A.b_C"), "pkg:pypi/a.b_c@1"),
        (("Maven", "g:a"), "pkg:maven/g/a@1"),
        (("Debian:12", "openssl"), "pkg:deb/debian/libssl3@3?upstream=openssl"),
    ],
)
def test_two_ways_to_name_a_component_are_one(named: tuple[str, str], written: str) -> None:
    assert component(*named) == component_of(written)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_gives_a_package_url_or_nothing(ecosystem: str, name: str) -> None:
    found = component(ecosystem, name)
    assert found == "" or PackageURL.from_string(found).version is None


@given(st.text(max_size=60).map("pkg:npm/".__add__) | st.text(max_size=60))
def test_any_text_is_a_package_url_or_none(purl: str) -> None:
    found = component_of(purl)
    assert found == "" or component_of(found) == found
    assert isinstance(version_of(purl), str)
