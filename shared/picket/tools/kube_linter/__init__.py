"""KubeLinter, which checks manifests and charts of Kubernetes.

Source: https://docs.kubelinter.io, its JSON.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="kube-linter")
