"""Turns an HTTP request into one typed call, and its outcome into a status code."""

from picket.runtime.function import consumes
from picket.runtime.logs import note

__all__ = ["consumes", "note"]
