"""How many examples hypothesis makes."""

import os

PROFILE = os.environ.get("PICKET_TEST_PROFILE", "ci")
_FACTORS = {"ci": 1, "thorough": 20}


def how_many(count: int = 100) -> int:
    """Return *count*, the examples that a test makes in CI, or in the profile `thorough` twenty times as many."""
    return count * _FACTORS[PROFILE]
