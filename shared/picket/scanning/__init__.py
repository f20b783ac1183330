"""Scanning on this machine, without functions, broker or store: what `picket scan` and the hooks do.

`scan.py` is the way through: a target (`targets`), what of it is wanted (`revisions`), every blob once (`work`), what
the commits introduce (`findings`), what is known already (`known`), and how it is told (`formats`).
"""
