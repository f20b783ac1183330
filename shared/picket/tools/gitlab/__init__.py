"""GitLab's security reports, which its own analysers and those of others write in pipelines.

Source: https://gitlab.com/gitlab-org/security-products/security-report-schemas, of sast, dependency_scanning,
container_scanning and secret_detection.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="gitlab")
