"""Scanning on this machine, without functions, broker or store: what `picket scan` and the hooks do.

`scan.py` is the way through: an `order` for a target (`targets`), which `revisions` of it are wanted, `sources` that
know what blobs these put where, `stores` that give them, `work` that looks at each once, `findings` made of what the
commits introduce, a `sieve` for what is `known`, a `memory` of earlier scans, and a `result` told in `formats`.
"""
