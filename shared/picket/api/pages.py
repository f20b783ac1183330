"""The start page: plain HTML, no scripts."""

from __future__ import annotations

from flask import Blueprint, render_template

from picket.api.paging import paged
from picket.api.repositories import view
from picket.effects.mongo import repositories, scans

# Not /static: functions-framework answers that itself, before any function.
blueprint = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")


@blueprint.get("/")
def start() -> str:
    """List repositories with their scores, and scans that are running."""
    documents, cursor = paged(repositories.page)
    shown = [view(repository) for repository in documents]
    return render_template("start.html", repositories=shown, next=cursor, scans=scans.running())
