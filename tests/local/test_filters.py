import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picket.local.filters import All, AnyOf, Exact, Filter, Not, Prefix, Present, Suffix, admitted_types
from picket.local.subjects import filter_subjects, subject

EVENT = {"type": "dev.picket.a.v1", "source": "/s", "subject": "it"}


@pytest.mark.parametrize(
    ("chosen", "passes"),
    [
        pytest.param(Exact("type", "dev.picket.a.v1"), True, id="exact"),
        pytest.param(Exact("type", "DEV.picket.a.v1"), False, id="exact minds case"),
        pytest.param(Exact("other", ""), False, id="an absent attribute is not an empty one"),
        pytest.param(Present("subject"), True, id="present"),
        pytest.param(Present("time"), False, id="not present"),
        pytest.param(Prefix("type", "dev.picket."), True, id="prefix"),
        pytest.param(Prefix("type", "picket"), False, id="prefix is no substring"),
        pytest.param(Suffix("type", ".v1"), True, id="suffix"),
        pytest.param(Suffix("type", ".v2"), False, id="other suffix"),
        pytest.param(All((Exact("source", "/s"), Prefix("type", "dev"))), True, id="all"),
        pytest.param(All((Exact("source", "/s"), Prefix("type", "x"))), False, id="all but one"),
        pytest.param(All(), True, id="no filter at all"),
        pytest.param(AnyOf((Exact("source", "/x"), Prefix("type", "dev"))), True, id="any"),
        pytest.param(AnyOf((Exact("source", "/x"), Prefix("type", "x"))), False, id="none of any"),
        pytest.param(Not(Exact("source", "/s")), False, id="not"),
        pytest.param(Not(Exact("time", "x")), True, id="not of an absent attribute"),
    ],
)
def test_dialects(chosen: Filter, passes: bool) -> None:
    assert chosen.matches(EVENT) is passes


@pytest.mark.parametrize(
    ("chosen", "patterns"),
    [
        (Exact("type", "a.b"), ["e.a.b"]),
        (Prefix("type", "a.b."), ["e.a.b.>"]),
        (Prefix("type", "a.b"), ["e.a.>"]),
        (Prefix("type", "ab"), ["e.>"]),
        (AnyOf((Exact("type", "a.b"), Prefix("type", "c."))), ["e.a.b", "e.c.>"]),
        (AnyOf((Exact("type", "a.b"), Prefix("type", "a."))), ["e.a.>"]),
        (AnyOf((Exact("type", "a.b"), Exact("source", "/s"))), ["e.>"]),
        (All((Exact("source", "/s"), Exact("type", "a.b"))), ["e.a.b"]),
        (Not(Exact("type", "a.b")), ["e.>"]),
        (Suffix("type", "b"), ["e.>"]),
        (All(), ["e.>"]),
        (Exact("type", "a b.*.>"), ["e.a%20b.%2A.%3E"]),
        (Exact("type", "a..b."), ["e.a.%.b.%"]),
    ],
)
def test_the_subjects_a_filter_needs(chosen: Filter, patterns: list[str]) -> None:
    assert list(filter_subjects("e", chosen)) == patterns


values = st.text(alphabet="aB.é *>%", max_size=6)
attributes = st.dictionaries(st.sampled_from(["type", "source"]), values)
leaves: st.SearchStrategy[Filter] = st.builds(
    lambda dialect, name, value: dialect(name, value),
    st.sampled_from([Exact, Prefix, Suffix]),
    st.sampled_from(["type", "source"]),
    values.filter(bool),
)
filters: st.SearchStrategy[Filter] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, max_size=3).map(lambda found: All(tuple(found))),
        st.lists(inner, min_size=1, max_size=3).map(lambda found: AnyOf(tuple(found))),
    ),
    max_leaves=6,
)


@given(filters, attributes)
def test_not_is_the_opposite(chosen: Filter, event: dict[str, str]) -> None:
    assert Not(chosen).matches(event) is not chosen.matches(event)


@given(filters, attributes, values.filter(bool))
def test_the_subjects_cover_every_event_that_passes(chosen: Filter, event: dict[str, str], kind: str) -> None:
    event["type"] = kind
    if chosen.matches(event):
        assert sum(covers(pattern, subject("e", kind)) for pattern in filter_subjects("e", chosen)) == 1


@given(filters, values)
def test_admitted_types_leave_none_out(chosen: Filter, kind: str) -> None:
    types = admitted_types(chosen)
    if types is not None and chosen.matches({"type": kind}):
        assert any(kind.startswith(one.value) if one.prefix else kind == one.value for one in types)


def covers(pattern: str, name: str) -> bool:
    """Tell whether a NATS subject *pattern* covers *name*."""
    if pattern.endswith(".>"):
        return name.startswith(pattern[:-1])
    return fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))
