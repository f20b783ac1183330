"""Trivy Operator, which looks at what runs in a cluster of Kubernetes and keeps reports there as custom resources.

Source: https://aquasecurity.github.io/trivy-operator/latest/docs/crds/.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="trivy-operator")
