"""What Hyperscan looks for to tell where encoded text may be: each expression matches in a run, some bytes at most."""

from __future__ import annotations

# In ASCII text no byte has its top bit set, and few are control characters: 25 of 64 characters can begin a group of
# four, 28 and 32 follow. A run is known by three such groups after a digit, which most groups hold (so the automaton
# skips from digit to digit at 2 GB/s, where a boundary before the run would cost as much as all rules), or before
# padding. In UTF-16, as PowerShell takes it, every other byte is a NUL.
_FIRST, _SECOND = "[CDI-Za-f]", "[AC-HQS-Xgi-nwyz0-3]"
_THIRD, _FOURTH = "[ABEFIJMNQRUVYZcdghklopstwx014589]", "[A-Za-z0-9+/_-]"
_GROUP = _FIRST + _SECOND + _THIRD + _FOURTH
_WIDE_GROUP = "A[A-H][AEIMQUYcgkosw048]A"
_BASE64 = (
    rf"(?:(?:[0-9]|[0-3]{_THIRD}{_FOURTH}|[014589]{_FOURTH}){_GROUP}{_GROUP}{_GROUP}"
    rf"|{_GROUP}{_GROUP}{_GROUP}(?:{_FIRST}[AQgw]=|{_FIRST}{_SECOND}[AEIMQUYcgkosw048])="
    rf"|[AB][0-9]{_WIDE_GROUP}[I-Za-f][AQgw][AB]{_FOURTH}{_WIDE_GROUP})"
)

_HEX = "(?:[2-7][0-9A-Fa-f]|0[9AaDd]){12}"
_PERCENT = "%(?:[2-7][0-9A-Fa-f]|0[9AaDd])"

# Only what stands between a name and its value, or breaks a URL, is worth it: strings in code are full of escapes.
_ESCAPE = (
    r"""[:=(,>] ?\\{1,15}["']|\\["'] ?[:=]|:\\/\\/|\\u00[2-7][0-9a-fA-F]|(?:\\x[2-7][0-9a-fA-F]){4}"""
    r"""|[A-Za-z0-9_][=:] ?[A-Za-z0-9+/_.~!@#$%^&*-]{8,64}\\{1,15}[nr]"""
    r"""|[:=] ?&(?:quot|#34|#39|apos);|&(?:quot|#34|#39|apos); ?[:=]"""
)

_MANIFEST = r"""kind["']?[ \t]{0,3}:[ \t]{0,3}["']?Secret[^\w]"""

TRIGGERS = ((_BASE64, 20), (_HEX, 24), (_PERCENT, 3), (_ESCAPE, 160), (_MANIFEST, 24))
"""Expression and lookback of each of `encodings.ENCODINGS`, in its order."""
