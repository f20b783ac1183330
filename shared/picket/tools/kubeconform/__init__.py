"""kubeconform, which checks Kubernetes manifests against schemas.

Source: https://github.com/yannh/kubeconform, its JSON.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="kubeconform", runs=True)
