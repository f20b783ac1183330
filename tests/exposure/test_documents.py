"""YAML as Kubernetes reads it, from people who may mean ill."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.clusters import INGRESS, WEB, cluster, policy

from picket.exposure.documents import MAX_DEPTH, Document, Unread, Unreadable, documents, load
from picket.exposure.exposures import inspect
from picket.exposure.objects import MAX_OBJECTS, read

HEAD = "apiVersion: v1\nkind: Pod\n"


def value(text: str) -> object:
    return load(f"a: {text}")[0]["a"]


@pytest.mark.parametrize(
    ("text", "means"),
    [
        *((text, True) for text in ("y", "Y", "yes", "on", "true", "TRUE")),
        *((text, False) for text in ("n", "N", "no", "off", "False")),
        *((text, None) for text in ("", "~", "null")),
        *((text, text.strip("'\"")) for text in ("'n'", '"80"', "'null'", "text", "1.2.3", "2020-01-01", "10.0.0.1")),
        ("80", 80),
        ("-1", -1),
        ("! 80", "80"),
        ("!!str 80", "80"),
        *((text, text.encode()) for text in ("080", "1.0", "1e3", "0x1F", ".inf", "1_000", "9" * 30)),
        ("!!binary YQ==", b"YQ=="),
        ("!!python/object/apply:os.system [id]", ["id"]),
    ],
)
def test_scalars_are_those_of_yaml_1_1_and_what_is_of_no_use_fits_nowhere(text: str, means: object) -> None:
    found = value(text)
    assert (type(found), found) == (type(means), means)


def test_anchors_and_merges_are_followed() -> None:
    found, _ = load("base: &b {x: 1, y2: 2}\none: *b\ntwo: {<<: *b, x: 3}\nmany: {<<: [{x: 4}, *b]}")
    assert (found["one"], found["two"], found["many"]) == ({"x": 1, "y2": 2}, {"x": 3, "y2": 2}, {"x": 4, "y2": 2})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("a: &a [*a]", "an alias stands in what it stands for", id="an alias of itself"),
        pytest.param("a: *b", "or for nothing", id="an alias of nothing"),
        pytest.param("a: 1\na: 2", "a key is there twice", id="a key twice"),
        pytest.param("{[a]: 1}", "a key is no text", id="a list as key"),
        pytest.param("y: 1", "a key is no text", id="a truth value as key"),
        pytest.param("<<: 1", "what is merged is no mapping", id="a merge of a number"),
        pytest.param("[" * (MAX_DEPTH + 1), f"nested more than {MAX_DEPTH} deep", id="deep"),
        pytest.param("a:\n" + "".join(f"{' ' * n}- \n" for n in range(1, 300)), "nested", id="deep in blocks"),
        pytest.param("a: 1\n---\nb: 2", "a second document", id="two documents"),
        pytest.param("a: [1, 2", "not YAML at line 2", id="no end"),
        pytest.param("a: \x00", "not YAML", id="a character that YAML has not"),
        pytest.param("a: {{ .Values.x }}", "a key is no text", id="a template"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        load(text)


def test_a_bomb_of_aliases_or_merges_does_not_go_off() -> None:
    lists = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    merges = "a0: &a0 {k: v}\n" + "".join(
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], k{n}: v}}\n" for n in range(1, 12)
    )
    for text in (lists, merges):
        with pytest.raises(Unreadable, match="aliases stand for more than"):
            load(text)
        [found] = documents("x.yaml", HEAD + text)
        assert isinstance(found, Unread)


def test_lines_are_those_of_kind_and_lists_are_their_items() -> None:
    text = f"# x\n\n{HEAD}---\n# y\nmetadata: {{name: a}}\n{HEAD}---\nkind: List\napiVersion: v1\nitems:\n- kind: Pod\n"
    text += "  apiVersion: v1\n- metadata: {}\n  kind: Service\n  apiVersion: v1\n"
    found = [(one.line, one.content["kind"]) for one in documents("x.yaml", text) if isinstance(one, Document)]
    assert found == [(4, "Pod"), (9, "Pod"), (14, "Pod"), (17, "Service")]


def test_items_of_a_list_of_one_kind_need_not_say_it() -> None:
    [found] = documents("x.yaml", "apiVersion: v1\nkind: PodList\nitems: [{metadata: {name: a}}]")
    assert isinstance(found, Document)
    assert (found.content["kind"], found.content["apiVersion"]) == ("Pod", "v1")


@pytest.mark.parametrize(
    ("text", "kind", "namespace"),
    [
        pytest.param("kind: Service\nmetadata:\n  namespace: a\n  x: [", "service", "a", id="told by its first lines"),
        pytest.param("kind: Pod\nkind: Pod\n", "", "", id="two kinds may be any"),
        pytest.param("kind: List\nitems: [", "", "", id="a list may be of any"),
        pytest.param("  kind: Pod\n x: [", "", "", id="not at the beginning of a line"),
        pytest.param("kind: n\n", "", "", id="a kind that is false"),
    ],
)
def test_what_a_document_that_cannot_be_read_seems_to_be(text: str, kind: str, namespace: str) -> None:
    [found] = documents("x.yaml", f"apiVersion: v1\n{text}")
    assert isinstance(found, Unread)
    assert (found.kind, found.namespace) == (kind, namespace)


@pytest.mark.parametrize("text", ["", "a: 1", "- kind\n- apiVersion", "x: 'apiVersion kind'\ny: [", "kind: Pod\n"])
def test_what_is_no_object_of_kubernetes_is_passed_over(text: str) -> None:
    assert list(documents("x.yaml", text)) == []


@pytest.mark.parametrize(
    ("manifest", "kind"),
    [
        pytest.param(WEB.replace("  template", "  replicas: 'two'\n  template"), "deployment", id="replicas as text"),
        pytest.param(WEB.replace("name: web", "name: n"), "deployment", id="a name that is false"),
        pytest.param(WEB.replace("app: web", "app: 1.0"), "deployment", id="a label that is a number"),
        pytest.param(WEB.replace("name: web", "name: <x>"), "deployment", id="a name that is none"),
        pytest.param(WEB.replace("metadata: {name: web, namespace: shop}", ""), "deployment", id="no metadata"),
        pytest.param(WEB.replace("apps/v1", "extensions/v1beta1"), "deployment", id="a former version"),
        pytest.param(WEB.replace("apps/v1", "apps/v1beta1"), "deployment", id="a former version of its group"),
        pytest.param(INGRESS.replace("io/v1", "io/v1beta1"), "ingress", id="an Ingress as it was written before"),
        pytest.param(policy("podSelector: {}").replace("name: p", "name: n"), "networkpolicy", id="a policy's name"),
    ],
)
def test_traps_make_a_document_unread(manifest: str, kind: str) -> None:
    found = cluster(manifest)
    assert (found.workloads, found.policies, [one.kind for one in found.unread]) == ([], {}, [kind])


@pytest.mark.parametrize(
    ("written", "affected"),
    [
        ("", "default"),
        ("namespace: ''", "default"),
        ("namespace: a", "a"),
        ("namespace: n", ""),
        ("namespace: {{ x }}", ""),
    ],
)
def test_which_namespace_an_unread_policy_is_in(written: str, affected: str) -> None:
    text = policy("podSelektor: {}").replace("namespace: shop", written)
    [unread] = cluster(text).unread
    assert (unread.kind, unread.namespace) == ("networkpolicy", affected)


def test_too_many_objects_are_unread() -> None:
    found = read(Document("x", 1, {"apiVersion": "v1", "kind": "X"}) for _ in range(MAX_OBJECTS + 1))
    assert [one.kind for one in found.unread] == [""]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KINDS = (
    "Pod",
    "Deployment",
    "CronJob",
    "Service",
    "Ingress",
    "NetworkPolicy",
    "Namespace",
    "HTTPRoute",
    "FooNetworkPolicy",
)
VERSIONS = ("v1", "apps/v1", "batch/v1", "networking.k8s.io/v1", "x/v1")


METADATA = st.fixed_dictionaries(
    {"name": st.just("a") | JSON},
    optional={"namespace": JSON, "labels": JSON, "annotations": JSON, "ownerReferences": JSON},
)
FIELDS = (
    *("template", "jobTemplate", "containers", "type", "selector", "ports", "externalIPs", "rules", "hostNetwork"),
    *("podSelector", "policyTypes", "ingress", "egress", "loadBalancerSourceRanges"),
)
SPEC = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON))


@given(st.sampled_from(KINDS), st.sampled_from(VERSIONS), JSON | METADATA, JSON | SPEC)
def test_an_object_of_any_shape_is_taken_or_unread(kind: str, version: str, metadata: object, spec: object) -> None:
    found = read([Document("x", 1, {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec})])
    inspect(found)


@given(st.text(max_size=60) | st.text(alphabet="-{}[]:,&*!|>'\"#% \n\tapiVersionkind", max_size=120))
def test_any_text_is_read_or_refused(text: str) -> None:
    list(documents("x.yaml", f"apiVersion: v1\nkind: Pod\n{text}"))
    list(documents("x.yaml", text))
