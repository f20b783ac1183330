"""The part of CycloneDX's JSON that is read."""

from __future__ import annotations

from pydantic import Field

from picket.tools.reading import Listed, Part, Told


class Property(Part):
    """What a tool says besides."""

    name: Told = ""
    value: Told = ""


class Component(Part):
    """A component, with those that it is made of; `ref` names it in this document alone."""

    ref: Told = Field(default="", alias="bom-ref")
    name: Told = ""
    purl: Told = ""
    version: Told = ""
    components: Listed[Component] = ()
    properties: Listed[Property] = ()


class Source(Part):
    """Who says so."""

    name: Told = ""
    url: Told = ""


class Reference(Part):
    """Another id of the same vulnerability."""

    id: Told = ""


class Rating(Part):
    """How grave somebody says it is."""

    score: float | None = None
    severity: Told = ""
    method: Told = ""


class Version(Part):
    """A version or range, and whether it is affected."""

    version: Told = ""
    status: Told = "affected"


class Affected(Part):
    """What has the vulnerability: a component of this document, or a link to one of another."""

    ref: Told = ""
    versions: Listed[Version] = ()


class Analysis(Part):
    """What somebody found out about it."""

    state: Told = ""


class Vulnerability(Part):
    """A vulnerability of one or more components."""

    id: Told = ""
    source: Source | None = None
    references: Listed[Reference] = ()
    ratings: Listed[Rating] = ()
    cwes: Listed[int] = ()
    recommendation: Told = ""
    analysis: Analysis | None = None
    affects: Listed[Affected] = ()


class Tools(Part):
    """Who wrote the document, since version 1.5."""

    components: Listed[Component] = ()


class Metadata(Part):
    """What the document is of, and who wrote it; an object since version 1.5, a list before."""

    component: Component | None = None
    tools: Tools | Listed[Component] | None = None


class Document(Part):
    """A bill of materials, what is known of vulnerabilities, or both."""

    version: str = Field(alias="specVersion")
    metadata: Metadata | None = None
    components: Listed[Component] = ()
    services: Listed[Component] = ()
    vulnerabilities: Listed[Vulnerability] = ()
