"""What of a tool's words may be kept."""

from tests.support import secrets

from picket.detection import Engine, default_ruleset
from picket.findings.identity import value_id
from picket.findings.model import LeftOut, Place, Problem, Report
from picket.orchestration.sealing import sealed
from picket.tools.adapter.masking import masked, without_secrets
from picket.tools.adapter.reporting import below

KEY = b"k" * 32
ENGINE = Engine(default_ruleset())


def problem(**fields: object) -> Problem:
    told = {"kind": "secret", "rule": "r", "severity": "high", "places": (Place(path="a"),), **fields}
    return Problem.model_validate(told)


def test_a_secret_is_replaced_by_its_hash_and_masked_in_the_texts_beside_it() -> None:
    secret = "correct horse battery"
    [found] = sealed(Report(problems=(problem(secret=secret, title=f"found {secret}!"),)), KEY).problems
    assert (found.secret, found.value_id) == ("", value_id(KEY, secret.encode()))
    assert secret not in repr(found) + found.model_dump_json()


def test_a_key_with_its_line_breaks_written_out_is_the_same_secret() -> None:
    head, tail = "-----BEGIN RSA " + "PRIVATE KEY-----", "-----END RSA " + "PRIVATE KEY-----"
    written = [sealed(Report(problems=(problem(secret=f"{head}{nl}abc{nl}{tail}"),)), KEY) for nl in ("\n", "\\n")]
    assert written[0].problems[0].value_id == written[1].problems[0].value_id


def test_what_the_engine_finds_in_a_text_is_masked() -> None:
    secret = secrets.aws_key(5)
    report = masked(Report(problems=(problem(kind="weakness", title=f"key {secret} used", resource="r"),)), ENGINE)
    assert secret not in report.model_dump_json()
    assert report.problems[0].resource == "r"
    assert secret not in without_secrets(f"log: {secret}\nand {secret}", ENGINE)
    assert without_secrets("nothing here", ENGINE) == "nothing here"


def test_paths_below_the_folder_become_relative() -> None:
    written = {"a": ["/job/tree/x.py", "file:///job/tree/y.py", "/job/treetop", "/etc/x", 3], "b": {"c": None}}
    assert below(written, "/job/tree") == {"a": ["x.py", "y.py", "/job/treetop", "/etc/x", 3], "b": {"c": None}}


def test_what_is_left_out_is_masked_too() -> None:
    secret = secrets.aws_key(6)
    report = Report(left_out=(LeftOut(where=f"{secret}.tf", reason=f"cannot be read: key {secret}"),))
    assert secret not in masked(report, ENGINE).model_dump_json()


def test_a_mask_that_is_longer_than_what_it_hides_leaves_a_report_that_can_be_read() -> None:
    short = Report(problems=(problem(secret="abcdef", title="abcdef " * 142),))
    assert Report.model_validate_json(sealed(short, KEY).model_dump_json())
    secret = secrets.aws_key(7)
    full = Report(problems=(problem(kind="weakness", title=f"{'x ' * 489}{secret}"[:1_000]),))
    assert secret in full.problems[0].title
    assert secret not in Report.model_validate_json(masked(full, ENGINE).model_dump_json()).problems[0].title
