"""KubeLinter, which checks manifests and charts of Kubernetes.

Source: https://docs.kubelinter.io, its JSON.
"""

from __future__ import annotations

from picket.tools.kube_linter.report import is_kube_linter, parse
from picket.tools.tool import Tool

TOOL = Tool(name="kube-linter", recognises=is_kube_linter, parse=parse)
