"""The part of Aqua's JSON that is read."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from picket.tools.reading import Listed, Part, Told


class Vulnerability(Part):
    """A vulnerability, with severities and scores of several."""

    name: Told = ""
    aqua_severity: Told = ""
    vendor_severity: Told = ""
    nvd_severity_3: Told = Field(default="", alias="nvd_severity_v3")
    nvd_severity: Told = ""
    aqua_score: float | None = None
    vendor_score: float | None = None
    nvd_score_3: float | None = Field(default=None, alias="nvd_score_v3")
    score: float | None = None
    epss: float | None = Field(default=None, alias="epss_score")
    fixed: Told = Field(default="", alias="fix_version")
    solution: Told = ""
    nvd_url: Told = ""
    vendor_url: Told = ""


class Package(Part):
    """What is in the image: a package, or a file. Its `sensitive_items` are counted, and not read."""

    name: Told = ""
    version: Told = ""
    format: Told = ""
    path: Told = ""
    cpe: Told = ""
    sensitive: Listed[Any] = Field(default=(), alias="sensitive_items")


class Resource(Part):
    """A package, with its vulnerabilities."""

    resource: Package
    vulnerabilities: Listed[Vulnerability] = ()


class Cve(Vulnerability):
    """A vulnerability of a file, as it was told formerly."""

    file: Told = ""


class Scan(Part):
    """A scan of an image."""

    system: Told = Field(default="", alias="os")
    is_partial: bool | None = Field(default=None, alias="partial_results")
    resources: Listed[Resource] = ()
    cves: Listed[Cve] = ()


class Named(Part):
    """One of several scans."""

    results: Scan
