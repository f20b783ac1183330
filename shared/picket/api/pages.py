"""The start page: plain HTML, no scripts."""

from __future__ import annotations

from flask import Blueprint, render_template

from picket.api.paging import paged
from picket.api.repositories import view
from picket.api.scans import summary
from picket.effects.mongo import repositories, scans

# Not /static: functions-framework answers that itself, before any function.
blueprint = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")

_SCANS_SHOWN = 50


@blueprint.get("/")
def start() -> str:
    """List repositories with their scores, and scans that are running."""
    documents, cursor = paged(repositories.page)
    shown = [view(repository) for repository in documents]
    running = scans.page("", _SCANS_SHOWN + 1)
    more = len(running) > _SCANS_SHOWN
    return render_template(
        "start.html",
        repositories=shown,
        next=cursor,
        scans=[summary(scan) for scan in running[:_SCANS_SHOWN]],
        more_scans=more,
    )
