"""Kubescape, which looks at manifests and clusters of Kubernetes.

Source: https://kubescape.io/docs/, its JSON of format version 2, which Kubescape 3 writes.
"""

from __future__ import annotations

from picket.tools.kubescape.report import is_kubescape, parse
from picket.tools.tool import Tool

TOOL = Tool(name="kubescape", recognises=is_kubescape, parse=parse)
