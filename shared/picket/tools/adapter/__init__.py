"""Runs one tool once, in three steps: `fetch`, `run` and `report`.

`fetch` gets what the tool is to look at, `run` starts the tool, which sees no secret and no event, and `report` makes
of its output what may be kept, and says how it went. A job has two containers for them: `attend` fetches, waits and
reports, and beside it `run --wait` runs the tool.
"""
