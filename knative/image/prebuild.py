"""Parse and compile the shipped detection rules into the package, where a function that scans finds them."""

from importlib.util import find_spec
from pathlib import Path

from picket.detection import Engine, default_ruleset
from picket.detection.caching import PREBUILT

if find_spec("hyperscan"):
    engine = Engine(default_ruleset(PREBUILT), cache_dir=PREBUILT)
    engine.prefilter.windows(b"")
    if len(list(Path(PREBUILT).iterdir())) != 2:  # noqa: PLR2004 - the rules, and the database made of them
        raise SystemExit(f"the compiled rules are not in {PREBUILT}")
