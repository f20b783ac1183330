"""Kubescape, which looks at manifests and clusters of Kubernetes.

Source: https://kubescape.io/docs/, its JSON of format version 2, which Kubescape 3 writes.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="kubescape")
