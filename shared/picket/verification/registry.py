"""The verifiers that are shipped, by the rules whose findings they are for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from picket.verification.model import Verifier


def verifier_for(rule: str) -> Verifier | None:
    """Return the verifier of what the rule *rule* finds; None where nobody can be asked."""
    return verifiers().get(rule)


@cache
def verifiers() -> Mapping[str, Verifier]:
    """Return the verifiers by rule; those of a provider stand in `providers/`, in files named as the rules' are."""
    return {rule: verifier for verifier in shipped() for rule in verifier.rules}


def shipped() -> Iterator[Verifier]:
    """Read every verifier that is shipped."""
    for file in sorted(files("picket.verification").joinpath("providers").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            for row in tomllib.loads(file.read_text())["verifiers"]:
                yield Verifier.model_validate(row)
