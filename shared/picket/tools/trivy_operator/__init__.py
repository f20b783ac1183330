"""Trivy Operator, which looks at what runs in a cluster of Kubernetes and keeps reports there as custom resources.

Source: https://aquasecurity.github.io/trivy-operator/latest/docs/crds/.
"""

from __future__ import annotations

from picket.tools.tool import Tool
from picket.tools.trivy_operator.report import is_trivy_operator, parse

TOOL = Tool(name="trivy-operator", recognises=is_trivy_operator, parse=parse)
