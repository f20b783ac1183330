"""The part of GitLab's security reports that is read."""

from __future__ import annotations

from pydantic import Field

from picket.tools.reading import Listed, Number, Part, Told


class Identifier(Part):
    """A rule, a weakness or an advisory that a result is of."""

    type: Told = ""
    name: Told = ""
    value: Told = ""
    url: Told = ""


class Name(Part):
    """What a package is called."""

    name: Told = ""


class Dependency(Part):
    """A package, and which version is there."""

    package: Name | None = None
    version: Told = ""


class Location(Part):
    """Where it is: in a file, in a package that a file names, or in a package of an image."""

    file: Told = ""
    start: Number = Field(default=0, alias="start_line")
    end: Number = Field(default=0, alias="end_line")
    dependency: Dependency | None = None
    system: Told = Field(default="", alias="operating_system")


class Flag(Part):
    """What an analyser says of a result."""

    type: Told = ""


class Vulnerability(Part):
    """A result; `raw`, for a secret, is its value. Messages and descriptions are not read."""

    name: Told = ""
    severity: Told = ""
    confidence: Told = ""
    solution: Told = ""
    identifiers: Listed[Identifier] = ()
    location: Location = Location()
    flags: Listed[Flag] = ()
    raw: Told = Field(default="", alias="raw_source_code_extract", repr=False)


class Scanner(Part):
    """The tool."""

    id: Told = ""
    version: Told = ""


class Scan(Part):
    """A run of the tool."""

    type: str
    status: Told = ""
    scanner: Scanner = Scanner()


class File(Part):
    """A file that names dependencies."""

    path: Told = ""
    manager: Told = Field(default="", alias="package_manager")


class Document(Part):
    """A report."""

    scan: Scan
    vulnerabilities: Listed[Vulnerability]
    files: Listed[File] = Field(default=(), alias="dependency_files")
