"""A team's gitleaks configuration works unchanged, and a broken one says what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.examples import how_many

from picket.detection import Engine, Ruleset, default_digest, default_ruleset, parse_ruleset
from picket.detection.gitleaks import ruleset_from
from picket.errors import Malformed

KEYS = (
    *("rules", "allowlists", "allowlist", "extend", "id", "regex", "path", "entropy", "secretGroup", "keywords"),
    *("tags", "required", "condition", "regexes", "paths", "stopwords", "commits", "targetRules", "skipReport"),
    *("useDefault", "disabledRules", "regexTarget", "withinLines", "severity", "confidence", "checks", "before"),
)

ONE = "[[rules]]\nid = 'one'\nregex = '''one_([a-z0-9]{8})'''\n"


def hits(toml: str, content: str, path: str = "", commit: str = "") -> list[tuple[str, str]]:
    engine = Engine(parse_ruleset(toml, name="team.toml"))
    return [(hit.rule.id, hit.secret.decode()) for hit in engine.scan(content.encode(), path, commit)]


def complaint(make: Callable[[], Ruleset]) -> str:
    try:
        ruleset = make()
    except Malformed as error:
        return str(error)
    return "team.toml: sound" if all(rule.pattern or rule.path is not None for rule in ruleset.rules) else "unsound"


def test_the_secret_is_the_first_group_that_is_not_empty() -> None:
    assert hits(ONE, "one_abcd1234") == [("one", "abcd1234")]
    assert hits("[[rules]]\nid='a'\nregex='x(q)?(y+)(z+)'", "xyyzz") == [("a", "yy")]
    assert hits("[[rules]]\nid='a'\nregex='xy+'", "xyy") == [("a", "xyy")]


def test_secret_group_chooses_the_group() -> None:
    assert hits("[[rules]]\nid='a'\nregex='x(y+)(z+)'\nsecretGroup=2", "xyyzz") == [("a", "zz")]


def test_keywords_must_stand_somewhere_in_any_case() -> None:
    toml = ONE + "keywords = ['ACME']\n"
    assert hits(toml, "one_abcd1234") == []
    assert hits(toml, "# acme\none_abcd1234") == [("one", "abcd1234")]


def test_entropy_is_exclusive() -> None:
    assert hits(ONE + "entropy = 2.0\n", "one_aabbccdd") == []
    assert hits(ONE + "entropy = 1.99\n", "one_aabbccdd") == [("one", "aabbccdd")]


def test_path_limits_a_rule_and_stands_alone() -> None:
    assert hits(ONE + "path = '''\\.env$'''\n", "one_abcd1234", "a.py") == []
    assert hits(ONE + "path = '''\\.env$'''\n", "one_abcd1234", "a.env") == [("one", "abcd1234")]
    [(rule, secret)] = hits("[[rules]]\nid='file'\npath='''\\.p12$'''", "anything", "keys/a.p12")
    assert (rule, secret.startswith("file ")) == ("file", True)


@pytest.mark.parametrize(
    ("allowlist", "allowed"),
    [
        ("paths = ['''^vendor/''']", True),
        ("paths = ['''^src/''']", False),
        ("regexes = ['''^abcd''']", True),
        ("regexes = ['''^one''']", False),
        ("regexTarget = 'match'\nregexes = ['''^one''']", True),
        ("regexTarget = 'line'\nregexes = ['''harmless''']", True),
        ("stopwords = ['CD12']", True),
        ("commits = ['c1']", True),
        ("commits = ['c2']", False),
        ("condition = 'AND'\npaths = ['''^vendor/''']\nregexes = ['''^abcd''']", True),
        ("condition = 'AND'\npaths = ['''^vendor/''']\nregexes = ['''^zzzz''']", False),
        ("condition = 'OR'\npaths = ['''^src/''']\nregexes = ['''^abcd''']", True),
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        "[[rules.allowlists]]",
        "[rules.allowlist]",
        "[[allowlists]]",
        "[allowlist]",
        "[[allowlists]]\ntargetRules=['one']",
    ],
)
def test_allow_lists_of_every_kind_and_place(allowlist: str, allowed: bool, place: str) -> None:
    found = hits(f"{ONE}{place}\n{allowlist}\n", "one_abcd1234 harmless", "vendor/a.py", "c1")
    assert found == ([] if allowed else [("one", "abcd1234")])


def test_an_allow_list_for_other_rules_allows_nothing_here() -> None:
    other = "[[rules]]\nid = 'two'\nregex = 'two'\n[[allowlists]]\ntargetRules = ['two']\nregexes = ['.']\n"
    assert hits(ONE + other, "one_abcd1234") == [("one", "abcd1234")]


def test_required_rules_must_match_nearby_and_may_stay_silent() -> None:
    toml = (
        ONE
        + "[[rules.required]]\nid = 'two'\nwithinLines = 2\n"
        + "[[rules]]\nid = 'two'\nregex = 'two_[0-9]{4}'\nskipReport = true\n"
    )
    assert hits(toml, "one_abcd1234") == []
    assert hits(toml, "one_abcd1234\n\ntwo_1234") == [("one", "abcd1234")]
    assert hits(toml, "one_abcd1234\n\n\n\ntwo_1234") == []


def test_use_default_means_our_rules_less_those_disabled() -> None:
    ruleset = parse_ruleset("[extend]\nuseDefault = true\ndisabledRules = ['jwt']\n" + ONE, name="t")
    ids = {rule.id for rule in ruleset.rules}
    assert ids == {rule.id for rule in default_ruleset().rules} - {"jwt"} | {"one"}


def test_a_rule_of_the_same_id_overrides_scalars_and_appends_lists() -> None:
    toml = (
        "[extend]\nuseDefault = true\n[[rules]]\nid = 'jwt'\ntags = ['ours']\nkeywords = ['Extra']\nseverity = 'low'\n"
    )
    ours = next(rule for rule in default_ruleset().rules if rule.id == "jwt")
    theirs = next(rule for rule in parse_ruleset(toml, name="t").rules if rule.id == "jwt")
    assert (theirs.severity, theirs.tags) == ("low", (*ours.tags, "ours"))
    assert theirs.keywords == (*ours.keywords, "extra")
    assert theirs.pattern == ours.pattern


def test_an_extended_file_is_read_through_the_reader_given() -> None:
    toml = "[extend]\npath = 'base.toml'\n"
    ruleset = parse_ruleset(toml, name="t", read={"base.toml": ONE}.__getitem__)
    assert [rule.id for rule in ruleset.rules] == ["one"]
    with pytest.raises(Malformed, match=r"extend.path"):
        parse_ruleset(toml, name="t")
    with pytest.raises(Malformed, match=r"extend.path"):
        parse_ruleset(toml, name="t", read=lambda _: toml)


def test_the_digest_follows_the_content_and_nothing_else() -> None:
    one = parse_ruleset(ONE, name="a").digest
    assert one == parse_ruleset("# a remark\n" + ONE, name="b").digest
    assert one != parse_ruleset(ONE.replace("{8}", "{9}"), name="a").digest
    assert len(one) == 64
    assert default_ruleset().digest == default_digest() != one


@pytest.mark.parametrize(
    ("toml", "rule", "reason"),
    [
        ("[[rules]]\nid='a'\nregex='('", "rule a", "does not compile"),
        ("[[rules]]\nid='a'\nregex='a(?=b)'", "rule a", "regex does not compile: invalid perl operator: (?="),
        ("[[rules]]\nid='a'\npath='('", "rule a", "path does not compile"),
        ("[extend]\nuseDefault=true\npath='b.toml'", "team.toml", "exclude each other"),
        ("[[rules]]\nid='a'\nregex=7", "rule a", "regex is not a str"),
        ("[[rules]]\nregex='a'", "number 1", "id is not a str"),
        ("[[rules]]\nid='a'", "rule a", "neither regex nor path"),
        ("[[rules]]\nid='a'\nregex='a*'", "rule a", "empty string"),
        ("[[rules]]\nid='a'\nregex='a'\nsecretGroup=1", "rule a", "secretGroup"),
        ("[[rules]]\nid='a'\nregex='a'\nkeywords='k'", "rule a", "keywords is not a list of strings"),
        ("[[rules]]\nid='a'\nregex='a'\nseverity='odd'", "rule a", "severity"),
        ("[[rules]]\nid='a'\nregex='a'\nchecks=['odd']", "rule a", "no check is called odd"),
        ("[[rules]]\nid='a'\nregex='a'\n[[rules.required]]\nid='b'", "rule a", "b, which is no rule"),
        ("[[rules]]\nid='a'\nregex='a'\n[[rules.allowlists]]\nregexes=['[']", "rule a", "allowlist regexes"),
        ("[[allowlists]]\ncondition='XOR'\npaths=['a']", "allowlist", "condition"),
        ("[[allowlists]]\ntargetRules=['b']\npaths=['a']", "allowlist", "b, which is no rule"),
        ("rules = 7", "rules", "list of tables"),
        ("extend = 7", "extend", "table"),
        ("[[rules", "team.toml", "not TOML"),
    ],
)
def test_a_broken_configuration_names_file_rule_and_reason(toml: str, rule: str, reason: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_ruleset(toml, name="team.toml")
    message = str(caught.value)
    assert message.startswith("team.toml")
    assert rule in message
    assert reason in message


@pytest.mark.parametrize(
    ("pattern", "text", "secret"),
    [
        (r"\Qa+b\E(\d{4})", "a+b1234", "1234"),
        (r"\pL{2}-(\d{4})", "ab-1234", "1234"),
        (r"(?U)key(.+);", "keyab;c;", "ab"),
        (r"[[:^digit:]]x(?<v>\d{4})", "ax1234", "1234"),
        (r"(?m)^id (\w+)$", "x\nid abc\ny", "abc"),
        (r"\bk(\d{4})\b", "ak1234 k5678", "5678"),
        (r"(?s)<k>(.+)</k>", f"<k>{'ab' * 2600}</k>", "ab" * 2600),
        (r"(?i)straße (\d{4})", "STRASSE 1 straße 1234", "1234"),
    ],
)
def test_a_pattern_means_what_it_means_in_go(pattern: str, text: str, secret: str) -> None:
    assert hits(f"[[rules]]\nid = 'a'\nregex = '''{pattern}'''\n", text) == [("a", secret)]


def test_a_pattern_that_would_take_exponential_time_does_not() -> None:
    evil = "(a|a)*(a|a)*(a+)+b"
    toml = f"[[rules]]\nid = 'a'\nregex = '{evil}|(z[0-9]{{4}})'\n"
    toml += f"[[allowlists]]\nregexes = ['^{evil}$']\npaths = ['{evil}']\n"
    assert hits(toml, "a" * 20_000 + " z1234", "a" * 5000) == [("a", "z1234")]


def test_rules_that_hyperscan_does_not_hold_are_tried_everywhere_and_told() -> None:
    toml = ONE + "[[rules]]\nid = 'x'\nregex = '''(?U)v([0-9]{4})'''\n"
    engine = Engine(parse_ruleset(toml, name="team.toml"))
    assert [hit.rule.id for hit in engine.scan(b"one_abcd1234 v1234")] == ["one", "x"]
    assert [engine.ruleset.rules[index].id for index in engine.prefilter.unheld] == ["x"]


def test_a_match_longer_than_any_window_is_found_whole() -> None:
    toml = "[[rules]]\nid = 'a'\nregex = '''BEGIN([\\s\\S]+?)END'''\n"
    [(_, secret)] = hits(toml, f"BEGIN{'x' * 200_000}END BEGIN")
    assert len(secret) == 200_000


def test_boundaries_of_ours_hold_for_a_teams_pattern_too() -> None:
    toml = "[[rules]]\nid = 'a'\nregex = 'tok[0-9]{4}'\nbefore = 'a-z'\nafter = '0-9'\n"
    assert hits(toml, "xtok1111 tok22222 tok3333") == [("a", "tok3333")]


def test_zero_says_nothing() -> None:
    assert hits(ONE.replace("([a-z0-9]{8})", "(a{8})") + "entropy = 0\nsecretGroup = 0\n", "one_aaaaaaaa") == [
        ("one", "aaaaaaaa")
    ]


def test_a_base_may_have_a_base_and_no_more() -> None:
    files = {"b.toml": "[extend]\npath = 'c.toml'\n", "c.toml": ONE, "a.toml": "[extend]\npath = 'b.toml'\n"}
    ruleset = parse_ruleset(files["a.toml"], name="a.toml", read=files.__getitem__)
    assert [rule.id for rule in ruleset.rules] == ["one"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
        max_leaves=20,
    )
)
@settings(max_examples=how_many(300))
def test_any_document_is_a_ruleset_or_malformed(document: object) -> None:
    tables = document if isinstance(document, dict) else {"rules": document}
    assert complaint(lambda: ruleset_from(tables, "team.toml", lambda: Ruleset(()), None)).startswith("team.toml: ")


@given(st.text(max_size=200))
@settings(max_examples=how_many(200))
def test_any_text_is_a_ruleset_or_malformed(text: str) -> None:
    assert complaint(lambda: parse_ruleset(text, name="team.toml")).startswith("team.toml: ")


@pytest.mark.parametrize("more", ["entropy = 2.0", "[[rules.allowlists]]\nregexes = ['x']", "tags = ['ours']"])
def test_a_shipped_rule_is_extended_by_what_is_said_and_no_more(more: str) -> None:
    text = f"[extend]\nuseDefault = true\n[[rules]]\nid = 'slack-bot-token'\n{more}\n"
    shipped = {rule.id: rule for rule in default_ruleset().rules}["slack-bot-token"]
    extended = {rule.id: rule for rule in parse_ruleset(text, name="t").rules}["slack-bot-token"]
    assert (extended.pattern, extended.keywords) == (shipped.pattern, shipped.keywords)
    assert extended != shipped


@pytest.mark.parametrize(
    "text", ["[[rules]]\nid='a'\nregex='(x)'\nsecretGroup=1.5\n", f"a = {'[' * 5000}{']' * 5000}\n"]
)
def test_what_no_team_means_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(Malformed, match=r"t\.toml"):
        parse_ruleset(text, name="t.toml")
