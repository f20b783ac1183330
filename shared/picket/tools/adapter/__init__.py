"""Runs one tool once, in three steps that a job has as containers of its own.

`fetch` gets what the tool is to look at, `run` starts the tool, which sees no secret and no event, and `report` makes
of its output what may be kept, and says how it went.
"""
