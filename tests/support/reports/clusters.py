"""Reports on what is configured and runs in clusters of Kubernetes."""

from __future__ import annotations

from typing import Any

KUBE_LINTER: dict[str, Any] = {
    "Checks": [{"name": "privileged-container", "description": "Containers that are privileged", "remediation": "x"}],
    "Reports": [
        {
            "Diagnostic": {"Message": 'container "web" is privileged'},
            "Check": "privileged-container",
            "Remediation": "Do not run it as privileged.",
            "Object": {
                "Metadata": {"FilePath": "k8s/web.yaml", "Raw": "YXBpVmVyc2lvbjogdjE="},
                "K8sObject": {
                    "Namespace": "Shop",
                    "Name": "web",
                    "GroupVersionKind": {"Group": "apps", "Version": "v1", "Kind": "Deployment"},
                },
            },
        }
    ],
    "Summary": {"ChecksStatus": "Failed", "CheckEndTime": "2099-01-01T00:00:00Z", "KubeLinterVersion": "0.7.1"},
}
KUBESCAPE: dict[str, Any] = {
    "clusterName": "",
    "generationTime": "2099-01-01T00:00:00Z",
    "summaryDetails": {
        "controls": {
            "C-0057": {"controlID": "C-0057", "name": "Privileged container", "scoreFactor": 8},
            "C-0013": {"controlID": "C-0013", "name": "Non-root containers", "scoreFactor": 6},
        },
        "status": "failed",
    },
    "resources": [
        {
            "resourceID": "path=1234567890/api=apps/v1/shop/Deployment/web",
            "object": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "web", "namespace": "shop"},
                "spec": {"template": {"spec": {"containers": []}}},
            },
            "source": {"path": "/tree", "relativePath": "k8s/web.yaml", "fileType": "YAML"},
        }
    ],
    "results": [
        {
            "resourceID": "path=1234567890/api=apps/v1/shop/Deployment/web",
            "controls": [
                {
                    "controlID": "C-0057",
                    "name": "Privileged container",
                    "status": {"status": "failed"},
                    "rules": [
                        {
                            "name": "rule-privileged-container",
                            "status": "failed",
                            "paths": [
                                {"failedPath": "spec.template.spec.containers[0].securityContext.privileged"},
                                {"failedPath": "", "fixPath": {"path": "spec.x", "value": "false"}},
                            ],
                        }
                    ],
                },
                {
                    "controlID": "C-0013",
                    "name": "Non-root containers",
                    "status": {"status": "passed"},
                    "rules": [{"name": "non-root-containers", "status": "passed"}],
                },
            ],
        }
    ],
}


def operator_report(kind: str, **content: Any) -> dict[str, Any]:
    """Return a custom resource of Trivy Operator's, of a ReplicaSet."""
    return {
        "apiVersion": "aquasecurity.github.io/v1alpha1",
        "kind": kind,
        "metadata": {
            "name": "replicaset-web-6d4cf56db6-web",
            "namespace": "shop",
            "labels": {
                "resource-spec-hash": "7cb64cb677",
                "trivy-operator.container.name": "web",
                "trivy-operator.resource.kind": "ReplicaSet",
                "trivy-operator.resource.name": "web-6d4cf56db6",
                "trivy-operator.resource.namespace": "shop",
            },
        },
        "report": {
            "artifact": {"repository": "library/web", "tag": "1"},
            "os": {"family": "debian", "name": "12.0"},
            "scanner": {"name": "Trivy", "vendor": "Aqua Security", "version": "0.74.0"},
            "summary": {"highCount": 1},
            **content,
        },
    }


TRIVY_OPERATOR: dict[str, Any] = operator_report(
    "VulnerabilityReport",
    vulnerabilities=[
        {
            "vulnerabilityID": "CVE-2099-7",
            "resource": "openssl",
            "installedVersion": "3.0.9-1",
            "fixedVersion": "3.0.10-1",
            "packagePURL": "pkg:deb/debian/openssl@3.0.9-1?arch=amd64&distro=debian-12",
            "severity": "HIGH",
            "score": 7.5,
            "title": "Made up",
            "primaryLink": "https://avd.aquasec.com/nvd/cve-2099-7",
            "target": "",
        }
    ],
)
OPERATOR_CHECKS: dict[str, Any] = operator_report(
    "ConfigAuditReport",
    checks=[
        {
            "checkID": "AVD-KSV-0017",
            "title": "Privileged",
            "severity": "HIGH",
            "category": "Kubernetes Security Check",
            "messages": ["Container 'web' should set privileged to false"],
            "remediation": "Change it",
            "success": False,
        },
        {"checkID": "KSV-0012", "title": "Runs as root", "severity": "MEDIUM", "success": True},
    ],
)
OPERATOR_SECRETS: dict[str, Any] = operator_report(
    "ExposedSecretReport",
    secrets=[
        {
            "ruleID": "github-pat",
            "title": "GitHub Personal Access Token",
            "severity": "CRITICAL",
            "category": "GitHub",
            "target": "/app/settings.py",
            "match": "TOKEN = half-masked****",
        }
    ],
)
