"""Controls: which rules of several tools are the same demand on a setting. Whatever is not here is a control by itself.

Rules are spelled `tool:rule` in lower case. Sources: the rule lists of trivy-checks, Checkov 3.3.30, KubeLinter's
docs/generated/checks.md, Kubescape's regolibrary (controls that look at the same objects; those of RBAC look at
subjects, not roles, and those of CIS at namespaces) and hadolint's wiki. Two rules are one control where what
satisfies one satisfies the other.
"""

from __future__ import annotations

KUBERNETES = "k8s-"
"""Begins the controls of objects of Kubernetes, of which one file may hold several."""
CONTROLS: dict[str, tuple[str, ...]] = {
    # Kubernetes workloads
    "k8s-privileged": (
        *("trivy:ksv-0017", "checkov:ckv_k8s_16", "kube-linter:privileged-container", "kubescape:c-0057"),
    ),
    "k8s-privilege-escalation": (
        *("trivy:ksv-0001", "checkov:ckv_k8s_20", "kube-linter:privilege-escalation-container", "kubescape:c-0016"),
    ),
    "k8s-run-as-non-root": ("trivy:ksv-0012", "checkov:ckv_k8s_23", "kube-linter:run-as-non-root", "kubescape:c-0013"),
    "k8s-read-only-root": (
        *("trivy:ksv-0014", "checkov:ckv_k8s_22", "kube-linter:no-read-only-root-fs", "kubescape:c-0017"),
    ),
    "k8s-host-network": ("trivy:ksv-0009", "checkov:ckv_k8s_19", "kube-linter:host-network", "kubescape:c-0041"),
    "k8s-host-pid": ("trivy:ksv-0010", "checkov:ckv_k8s_17", "kube-linter:host-pid", "kubescape:c-0275"),
    "k8s-host-ipc": ("trivy:ksv-0008", "checkov:ckv_k8s_18", "kube-linter:host-ipc", "kubescape:c-0276"),
    "k8s-host-path": ("trivy:ksv-0023", "kubescape:c-0048"),
    "k8s-host-path-writable": ("kube-linter:writable-host-mount", "kubescape:c-0045"),
    "k8s-host-port": ("trivy:ksv-0024", "checkov:ckv_k8s_26", "kubescape:c-0044"),
    "k8s-docker-socket": ("trivy:ksv-0006", "checkov:ckv_k8s_27", "kube-linter:docker-sock", "kubescape:c-0074"),
    "k8s-cpu-limit": ("trivy:ksv-0011", "checkov:ckv_k8s_11", "kubescape:c-0270"),
    "k8s-cpu-request": (
        "trivy:ksv-0015",
        "checkov:ckv_k8s_10",
        "kube-linter:unset-cpu-requirements",
        "kubescape:c-0268",
    ),
    "k8s-memory-limit": (
        "trivy:ksv-0018",
        "checkov:ckv_k8s_13",
        "kube-linter:unset-memory-requirements",
        "kubescape:c-0271",
    ),
    "k8s-memory-request": ("trivy:ksv-0016", "checkov:ckv_k8s_12", "kubescape:c-0269"),
    "k8s-image-tag": ("trivy:ksv-0013", "checkov:ckv_k8s_14", "kube-linter:latest-tag"),
    "k8s-image-digest": ("checkov:ckv_k8s_43", "kubescape:c-0306"),
    "k8s-seccomp": ("trivy:ksv-0030", "checkov:ckv_k8s_31", "kubescape:c-0210"),
    "k8s-drop-all-capabilities": ("trivy:ksv-0003", "checkov:ckv_k8s_37"),
    "k8s-proc-mount": ("trivy:ksv-0027", "kube-linter:unsafe-proc-mount"),
    "k8s-sys-admin": ("trivy:ksv-0005", "checkov:ckv_k8s_39"),
    "k8s-high-uid": ("trivy:ksv-0020", "checkov:ckv_k8s_40"),
    "k8s-token-mounted": ("trivy:ksv-0036", "checkov:ckv_k8s_38", "kubescape:c-0034", "kubescape:c-0190"),
    "k8s-default-namespace": (
        *("trivy:ksv-0110", "checkov:ckv_k8s_21", "kube-linter:use-namespace", "kubescape:c-0061", "kubescape:c-0212"),
    ),
    "k8s-liveness-probe": ("checkov:ckv_k8s_8", "kube-linter:no-liveness-probe", "kubescape:c-0056"),
    "k8s-readiness-probe": ("checkov:ckv_k8s_9", "kube-linter:no-readiness-probe", "kubescape:c-0018"),
    "k8s-secret-in-environment": ("checkov:ckv_k8s_35", "kube-linter:read-secret-from-env-var", "kubescape:c-0207"),
    "k8s-net-raw": ("checkov:ckv_k8s_28", "kube-linter:drop-net-raw-capability"),
    "k8s-network-policy": ("checkov:ckv2_k8s_6", "kube-linter:non-isolated-pod", "kubescape:c-0260"),
    "k8s-tiller": ("trivy:ksv-0102", "checkov:ckv_k8s_34"),
    # What Kubernetes' objects refer to
    "k8s-role-wildcard": ("checkov:ckv_k8s_49", "kube-linter:wildcard-in-rules"),
    "k8s-dangling-service": ("kube-linter:dangling-service", "kubescape:c-0293"),
    "k8s-dangling-ingress": ("kube-linter:dangling-ingress", "kubescape:c-0298"),
    "k8s-dangling-network-policy": ("kube-linter:dangling-networkpolicy", "kubescape:c-0299"),
    "k8s-dangling-autoscaler": ("kube-linter:dangling-horizontalpodautoscaler", "kubescape:c-0300"),
    "k8s-service-account-field": ("kube-linter:deprecated-service-account-field", "kubescape:c-0294"),
    "k8s-service-account-missing": ("kube-linter:non-existent-service-account", "kubescape:c-0307"),
    "k8s-variable-twice": ("kube-linter:duplicate-env-var", "kubescape:c-0295"),
    "k8s-selector": ("kube-linter:mismatching-selector", "kubescape:c-0296"),
    "k8s-rolling-update": ("kube-linter:no-rolling-update-strategy", "kubescape:c-0305"),
    # Dockerfiles
    "docker-user": ("trivy:ds-0002", "checkov:ckv_docker_3", "checkov:ckv_docker_8", "hadolint:dl3002"),
    "docker-image-tag": ("trivy:ds-0001", "checkov:ckv_docker_7", "hadolint:dl3007", "hadolint:dl3006"),
    "docker-add": ("trivy:ds-0005", "checkov:ckv_docker_4", "hadolint:dl3020"),
    "docker-ssh-port": ("trivy:ds-0004", "checkov:ckv_docker_1"),
    "docker-healthcheck": ("trivy:ds-0026", "checkov:ckv_docker_2"),
    "docker-update-alone": ("trivy:ds-0017", "checkov:ckv_docker_5"),
    "docker-maintainer": ("trivy:ds-0022", "checkov:ckv_docker_6", "hadolint:dl4000"),
    "docker-workdir": ("trivy:ds-0009", "checkov:ckv_docker_10", "hadolint:dl3000"),
    "docker-alias-twice": ("trivy:ds-0012", "checkov:ckv_docker_11", "hadolint:dl3024"),
    "docker-sudo": ("trivy:ds-0010", "checkov:ckv2_docker_1", "hadolint:dl3004"),
    "docker-cd": ("trivy:ds-0013", "hadolint:dl3003"),
    "docker-two-cmds": ("trivy:ds-0016", "hadolint:dl4003"),
    "docker-two-entrypoints": ("trivy:ds-0007", "hadolint:dl4004"),
    "docker-two-healthchecks": ("trivy:ds-0023", "hadolint:dl3012"),
    "docker-apt-yes": ("trivy:ds-0021", "hadolint:dl3014"),
    "docker-apt-recommends": ("trivy:ds-0029", "hadolint:dl3015"),
    "docker-apk-cache": ("trivy:ds-0025", "hadolint:dl3019"),
    "docker-yum-clean": ("trivy:ds-0015", "hadolint:dl3032"),
    "docker-dnf-clean": ("trivy:ds-0019", "hadolint:dl3040"),
    "docker-zypper-clean": ("trivy:ds-0020", "hadolint:dl3036"),
    "docker-copy-from-itself": ("trivy:ds-0006", "hadolint:dl3023"),
    "docker-copy-many": ("trivy:ds-0011", "hadolint:dl3021"),
    "docker-dist-upgrade": ("trivy:ds-0024", "hadolint:dl3005"),
    "docker-wget-and-curl": ("trivy:ds-0014", "hadolint:dl4001"),
    "docker-port-range": ("trivy:ds-0008", "hadolint:dl3011"),
}
"""Rules by control."""

_BY = {"trivy-operator": "trivy"}
"""Tools whose rules are another's."""
_OF_RULE = {rule: name for name, rules in CONTROLS.items() for rule in rules}


def control_of(tool: str, rule: str) -> str:
    """Return the control that a tool's rule demands; empty where it is a control by itself."""
    return _OF_RULE.get(f"{_BY.get(tool.lower(), tool)}:{rule}".lower(), "")
