"""Third-party tools and the formats of their reports: one folder each, and this registry.

To add one, write its folder with a `TOOL` and add the line here.
"""

from __future__ import annotations

from picket.tools import (
    bandit,
    checkov,
    detect_secrets,
    exposure,
    gitleaks,
    gosec,
    govulncheck,
    grype,
    hadolint,
    helm,
    kingfisher,
    kubeconform,
    nmap,
    osv_scanner,
    sarif,
    semgrep,
    syft,
    trivy,
    trufflehog,
    zizmor,
)
from picket.tools.tool import Tool

TOOLS: dict[str, Tool] = {
    "bandit": bandit.TOOL,
    "checkov": checkov.TOOL,
    "detect-secrets": detect_secrets.TOOL,
    "exposure": exposure.TOOL,
    "gitleaks": gitleaks.TOOL,
    "gosec": gosec.TOOL,
    "govulncheck": govulncheck.TOOL,
    "grype": grype.TOOL,
    "hadolint": hadolint.TOOL,
    "helm": helm.TOOL,
    "kingfisher": kingfisher.TOOL,
    "kubeconform": kubeconform.TOOL,
    "nmap": nmap.TOOL,
    "osv-scanner": osv_scanner.TOOL,
    "sarif": sarif.TOOL,
    "semgrep": semgrep.TOOL,
    "syft": syft.TOOL,
    "trivy": trivy.TOOL,
    "trufflehog": trufflehog.TOOL,
    "zizmor": zizmor.TOOL,
}
"""Tools, and formats that many tools write, by name."""
