"""Writes the manifest of each tool that is run, from what its folder in `picket.tools` says: one file a tool.

Run as `python knative/tools/write.py`; a test sees that the files are as this would write them.
"""

from __future__ import annotations

from pathlib import Path
from string import Template

from picket.tools import TOOLS
from picket.tools.running import PYTHON, Running

HERE = Path(__file__).resolve().parent
_OTHER_SECONDS = 900
"""For getting what a tool looks at, and for its report."""

_TO_ARTIFACTS_AND_BROKER = """\
    # The artifact store, by signed URLs; one outside of the cluster: an ipBlock in an overlay.
    - to:
        - namespaceSelector: {}
          podSelector:
            matchLabels:
              picket.dev/role: artifacts
      ports:
        - protocol: TCP
          port: 9000
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: knative-eventing
          podSelector:
            matchLabels:
              eventing.knative.dev/brokerRole: ingress
      ports:
        - protocol: TCP
          port: 8080"""
_TO_TARGETS = """
    # What it looks at: PICKET_ALLOWED_TARGETS decides, which is checked before the tool is started.
    - to:
        - ipBlock:
            cidr: 0.0.0.0/0
        - ipBlock:
            cidr: ::/0"""
_ALLOWED = """
                - name: PICKET_ALLOWED_TARGETS
                  valueFrom:
                    configMapKeyRef:
                      name: picket
                      key: PICKET_ALLOWED_TARGETS
                      optional: true"""


def written(name: str, running: Running) -> str:
    """Return the manifest of a tool."""
    mebibytes = running.memory // 1024**2
    return Template((HERE / "job.yaml.template").read_text(encoding="utf-8")).substitute(
        tool=name,
        program=name if running.program == PYTHON else running.program,
        seconds=running.seconds,
        deadline=running.seconds + _OTHER_SECONDS,
        memory=f"{mebibytes}Mi",
        request=f"{max(64, mebibytes // 4)}Mi",
        settings=_ALLOWED if running.is_active else "",
        edges=_TO_ARTIFACTS_AND_BROKER + (_TO_TARGETS if running.is_active else ""),
    )


def files() -> dict[Path, str]:
    """Return what stands in which file: the manifests, and the list of them."""
    tools = {name: tool.running for name, tool in sorted(TOOLS.items()) if tool.running is not None}
    found = {HERE / f"{name}.yaml": written(name, running) for name, running in tools.items()}
    names = "".join(f"  - {name}.yaml\n" for name in ("common", *tools))
    found[HERE / "kustomization.yaml"] = (
        "# Third-party tools: an overlay that wants them names this folder, and deletes what it does not want.\n"
        "apiVersion: kustomize.config.k8s.io/v1beta1\n"
        f"kind: Kustomization\nresources:\n{names}"
    )
    return found


if __name__ == "__main__":
    for file, text in files().items():
        file.write_text(text, encoding="utf-8")
