"""Fake credentials, built at run time so that no scanner trips on these sources."""

import random
import re
import string
import zlib

ALNUM = string.ascii_letters + string.digits


def aws_key(seed: int) -> str:
    """Return what looks like an AWS access key id."""
    pick = random.Random(f"aws{seed}")
    return "AK" + "IA" + "".join(pick.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16))


def slack_token(seed: int) -> str:
    """Return what looks like a Slack bot token."""
    pick = random.Random(f"slack{seed}")
    while True:
        digits = ["".join(pick.choices(string.digits, k=12)) for _ in range(2)]
        token = "xo" + "xb-" + "-".join([*digits, "".join(pick.choices(ALNUM, k=24))])
        if not re.search(r"(.)\1{4}", token):  # one of some thousands, which is taken for a placeholder
            return token


def github_token(seed: int) -> str:
    """Return what looks like a GitHub personal access token, its checksum included."""
    pick = random.Random(f"github{seed}")
    body = "".join(pick.choices(ALNUM, k=30))
    value, digits = zlib.crc32(body.encode()), string.digits + string.ascii_uppercase + string.ascii_lowercase
    checksum = ""
    for _ in range(6):
        value, rest = divmod(value, 62)
        checksum = digits[rest] + checksum
    return "gh" + "p_" + body + checksum
