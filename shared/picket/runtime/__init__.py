"""Turns an HTTP request into one typed call, and its outcome into a status code."""

from picket.runtime.function import consumes

__all__ = ["consumes"]
