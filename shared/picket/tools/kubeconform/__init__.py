"""kubeconform, which checks Kubernetes manifests against schemas.

Source: https://github.com/yannh/kubeconform, its JSON.
"""

from __future__ import annotations

from picket.tools.kubeconform.report import is_kubeconform, parse
from picket.tools.kubeconform.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="kubeconform", recognises=is_kubeconform, parse=parse, running=RUNNING)
