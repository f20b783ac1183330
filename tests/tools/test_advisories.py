"""Which of a vulnerability's ids names it, and how severities, confidences and weaknesses are read."""

import pytest

from picket.tools.advisories import named, spelt
from picket.tools.cwes import cwes
from picket.tools.places import Outside, below_root, below_top
from picket.tools.severities import certain


@pytest.mark.parametrize(
    ("told", "others", "expected"),
    [
        ("CVE-2024-1", (), ("CVE-2024-1", ())),
        ("GHSA-AAAA-bbbb-cccc", ("cve-2024-1",), ("CVE-2024-1", ("GHSA-aaaa-bbbb-cccc",))),
        ("GO-2024-1", ("GHSA-aaaa-bbbb-cccc",), ("GO-2024-1", ("GHSA-aaaa-bbbb-cccc",))),
        ("GO-2024-1", ("CVE-2024-1", "CVE-2024-2", "GHSA-a-b-c"), ("GO-2024-1", ("GHSA-a-b-c",))),
        ("CVE-2024-1", ("CVE-2024-2",), ("CVE-2024-1", ())),
        ("CVE-2024-1", ("cve-2024-1", "", " CVE-2024-1 "), ("CVE-2024-1", ())),
        ("", (), ("", ())),
    ],
)
def test_the_only_cve_names_a_vulnerability_and_a_bundle_has_none(
    told: str, others: tuple[str, ...], expected: tuple[str, tuple[str, ...]]
) -> None:
    assert named(told, others) == expected


def test_ids_of_vendors_are_left_as_they_are() -> None:
    assert spelt(" Snyk-js-1 ") == "Snyk-js-1"


def test_weaknesses_are_numbers_lowest_first() -> None:
    assert cwes(["cwe_089: x", "CWE-79", "CWE-079", "nothing", "CWE-0", "CWE-" + "9" * 30]) == ("CWE-79", "CWE-89")


@pytest.mark.parametrize(("word", "confidence"), [("HIGH", 0.9), (" low ", 0.4), ("", 0.8), ("odd", 0.8)])
def test_an_untold_confidence_is_in_between(word: str, confidence: float) -> None:
    assert certain(word) == confidence


@pytest.mark.parametrize(
    "path", ["/a", "//a", "../a", "a/../../b", "", ".", "a\x00", "file:///a", "x" * 5_000, "\\\\host\\a"]
)
def test_a_path_that_is_not_below_the_top(path: str) -> None:
    with pytest.raises(Outside):
        below_top(path)


@pytest.mark.parametrize("path", ["/usr/lib/x", "usr/lib/x", "//usr/lib/./x"])
def test_the_top_of_an_image_is_its_root(path: str) -> None:
    assert below_root(path) == "usr/lib/x"
    with pytest.raises(Outside):
        below_root("/../etc/passwd")
