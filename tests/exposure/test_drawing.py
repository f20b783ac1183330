"""A picture of flows: whatever the names are, it is an image, and nothing else."""

from xml.etree.ElementTree import Element, fromstring

from hypothesis import given
from hypothesis import strategies as st
from tests.support.clusters import SERVICE, WEB, cluster, pod, policy

from picket.exposure.drawing import draw
from picket.exposure.exposures import inspect
from picket.exposure.flows import INTERNET, MAX_FLOWS, MAX_WORKLOADS, Flow, Picture, picture

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {f"{SVG}{name}" for name in ("svg", "defs", "marker", "path", "g", "rect", "text", "title")}


def elements(text: str) -> list[Element]:
    return list(fromstring(text).iter())  # noqa: S314 - what was just drawn


def drawn(*manifests: str) -> str:
    found = cluster(*manifests)
    return draw(picture(found, inspect(found)))


def test_it_shows_namespaces_workloads_the_internet_and_who_may_come_in() -> None:
    rules = "podSelector: {matchLabels: {app: web}}\ningress: [{}]"
    found = elements(drawn(WEB, SERVICE, pod("db"), pod("job", namespace="batch"), policy(rules)))
    titles = {one.text for one in found if one.tag == f"{SVG}title"}
    assert titles == {
        "internet",
        "shop/Deployment/web",
        "shop/Pod/db: no policy says who may come in",
        "batch/Pod/job: no policy says who may come in",
        "internet to shop/Deployment/web: TCP/8080",
        "shop/Pod/db to shop/Deployment/web: any",
        "batch/Pod/job to shop/Deployment/web: any",
        *(f"{name} to internet: any" for name in ("shop/Deployment/web", "shop/Pod/db", "batch/Pod/job")),
    }
    assert {one.text for one in found if one.tag == f"{SVG}text"} >= {"shop", "batch", "Deployment/web", "internet"}


def test_what_is_unknown_is_shown_as_that() -> None:
    text = drawn(pod("agent", more=", hostNetwork: true"), pod("db"))
    assert "shop/Pod/agent: unknown" in text
    assert "shop/Pod/agent to internet" not in text


def test_it_is_the_same_each_time_and_takes_its_colours_from_the_page() -> None:
    manifests = [WEB, pod("db"), pod("job", namespace="batch")]
    text = drawn(*manifests)
    assert text == drawn(*reversed(manifests)) == drawn(*manifests)
    assert "currentColor" in text
    assert "style=" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_names_are_text() -> None:
    evil = 'a/Pod/"><script>alert(1)</script>&\x00\ud800'
    text = draw(Picture((evil,), frozenset({evil}), frozenset(), (Flow(INTERNET, evil, "<b>"),)))
    assert "<script" not in text
    assert {one.tag for one in elements(text)} <= ELEMENTS


@given(st.lists(st.text(max_size=30), max_size=6, unique=True))
def test_any_names_give_an_image(names: list[str]) -> None:
    flows = tuple(Flow(one, other, one) for one in names for other in names)
    assert {
        one.tag for one in elements(draw(Picture(tuple(sorted(names)), frozenset(), frozenset(names), flows)))
    } <= ELEMENTS


def test_it_stays_small() -> None:
    many = [pod(f"p{number}", namespace=f"n{number % 9}") for number in range(MAX_WORKLOADS + 10)]
    rules = [policy("podSelector: {}\ningress: [{}]", namespace=f"n{number}") for number in range(9)]
    text = drawn(*many, *rules)
    assert len([one for one in elements(text) if one.tag == f"{SVG}path"]) == MAX_FLOWS + 1
    assert "10 workloads and" in text
    assert len(text) < 100_000
