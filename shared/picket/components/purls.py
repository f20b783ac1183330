"""Package URLs without version: what makes a component the same one, whichever tool names it.

Source: the purl specification, https://github.com/package-url/purl-spec.
"""

from __future__ import annotations

from packageurl import PackageURL

_TYPES = {
    "alpine": "apk",
    "almalinux": "rpm",
    "bitnami": "bitnami",
    "composer": "composer",
    "conan": "conan",
    "crates.io": "cargo",
    "debian": "deb",
    "github actions": "githubactions",
    "github-actions": "githubactions",
    "go": "golang",
    "go-module": "golang",
    "gomod": "golang",
    "hackage": "hackage",
    "hex": "hex",
    "java-archive": "maven",
    "jar": "maven",
    "gradle": "maven",
    "npm": "npm",
    "nuget": "nuget",
    "packagist": "composer",
    "php-composer": "composer",
    "pip": "pypi",
    "pub": "pub",
    "pypi": "pypi",
    "python": "pypi",
    "python-pkg": "pypi",
    "rubygems": "gem",
    "gem": "gem",
    "rust-crate": "cargo",
    "cargo": "cargo",
    "rocky linux": "rpm",
    "red hat": "rpm",
    "swifturl": "swift",
    "ubuntu": "deb",
    "wolfi": "apk",
    "chainguard": "apk",
    "maven": "maven",
}
"""Names that OSV, GitHub and scanners give ecosystems, in lower case and without a release, by the purl type."""
_DISTRIBUTIONS = {"almalinux": "almalinux", "red hat": "redhat", "rocky linux": "rocky-linux"}
_OF_A_SYSTEM = frozenset({"apk", "deb", "rpm"})
_SEPARATED = {"golang": "/", "npm": "/", "composer": "/", "maven": ":", "githubactions": "/", "swift": "/"}


def component_of(purl: str, source: str = "") -> str:
    """Return the component that a package URL names: without version, qualifiers and subpath.

    An operating system's package goes by its source package where that is told, by *source* or in the URL (`upstream`,
    as syft and grype write it): an advisory is of the source. Empty if *purl* is no package URL.
    """
    try:
        found = PackageURL.from_string(purl.strip())
    except ValueError:
        return ""
    name, qualifiers = found.name, found.qualifiers if isinstance(found.qualifiers, dict) else {}
    if found.type in _OF_A_SYSTEM:
        name = source or (qualifiers.get("upstream") or "").partition("@")[0] or name
    return _written(found.type, found.namespace or "", name)


def component(ecosystem: str, name: str) -> str:
    """Return the component called *name* in an ecosystem, as OSV, GitHub or a scanner name it.

    Args:
        ecosystem: Such as `PyPI`, `Go`, `npm`, `Debian:12`, `pip`, `gomod`; a release behind a colon does not matter.
        name: As people write it there: `@scope/name`, `group:artifact`, `github.com/a/b`.

    Returns:
        A package URL; `pkg:generic/…` where the ecosystem is not known, empty without a name.
    """
    if not name.strip():
        return ""
    plain = ecosystem.partition(":")[0].strip().lower()
    kind = _TYPES.get(plain, "generic")
    namespace = ""
    if kind in _OF_A_SYSTEM:
        namespace = _DISTRIBUTIONS.get(plain, plain)
    elif kind in _SEPARATED:
        namespace, _, name = name.strip().rpartition(_SEPARATED[kind])
    return _written(kind, namespace, name.strip())


def version_of(purl: str) -> str:
    """Return the version in a package URL; empty without one."""
    try:
        return PackageURL.from_string(purl.strip()).version or ""
    except ValueError:
        return ""


def _written(kind: str, namespace: str, name: str) -> str:
    """Write a package URL, in the spelling that its type asks for."""
    try:
        return str(PackageURL(type=kind, namespace=namespace or None, name=name).to_string())
    except ValueError:
        return ""
