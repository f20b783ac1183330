"""What a path says about its content: test, documentation, or something no author writes."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Literal

PathKind = Literal["", "test", "generated", "translation"]

_TEST_FOLDERS = r"""
    t tests? testing __tests__ units? unit[-_]?tests? [^/]+\.(?:ui|unit|integration)?tests? integration functional
    e2e specs? test[-_]?suites? [^/]+[-_]tests? testdata test[-_]?data fixtures? mocks? __mocks__ stubs? examples?
    samples? demos? (?:[^/]+[-_])?docs? documentation (?:api|user)docs? tutorials? _build _sources cassettes snapshots?
"""
_TEST_NAMES = r"""
    test_[^/]* tests?\.py conftest\.py (?:[^/]*[._-])?test[_-]?data[^/]* readme[^/]* changelog[^/]* changes[^/]*
    pkg-info
    [^/]*[._-](?:tests?|specs?|example|sample|mock|fixture)s?(?:\.[a-z]{1,10})+
    [^/]*(?:Tests?|Spec|IT)\.(?:java|kt|scala|groovy|cs|swift|php)
    [^/]*\.(?:md|mdx|rst|adoc|asciidoc|example|sample|dist|template|tmpl)
"""
_DOCUMENT_FOLDERS = r"""
    (?:[^/]+[-_])?docs? documentation (?:api|user)docs? tutorials? _build _sources
"""
_DOCUMENT_NAMES = r"""
    readme[^/]* changelog[^/]* changes[^/]* pkg-info [^/]*\.(?:md|mdx|rst|adoc|asciidoc)
"""
_GENERATED_FOLDERS = r"""
    node_modules bower_components zig-pkg vendor third[-_]party \.yarn site-packages [^/]+\.dist-info [^/]+\.egg-info
    __pycache__ [\w.]+-\d+\.\d+\.\d+ packages/[^/]+\.\d+\.\d+[^/]*
"""
_GENERATED_NAMES = r"""
    package-lock\.json npm-shrinkwrap\.json pnpm-lock\.ya?ml bun\.lockb? verification-metadata\.xml
    packages\.lock\.json gradle\.lockfile \.terraform\.lock\.hcl go\.(?:work\.)?sum RECORD \.secrets\.baseline
    \.gitleaksignore \.betterleaksignore [^/]*\.lock [^/]*[.-]min\.(?:js|css|mjs) [^/]*[.-](?:bundle|chunk)\.js
    [^/]*[.-][0-9a-f]{8,20}\.(?:js|css|mjs) (?:build|dist|assets)/(?:[^/]+/)*[^/]*-[\w-]{8}\.(?:js|css|mjs)
    [^/]*\.(?:map|snap|svg|png|jpe?g|gif|webp|bmp|ico|tiff?|psd|ai|eps|woff2?|ttf|otf|eot)
    [^/]*\.(?:mp[34]|m4[av]|avi|mov|mkv|webm|wav|flac|ogg|pdf|docx?|xlsx?|pptx?)
    [^/]*\.(?:zip|gz|tgz|bz2|xz|zst|7z|rar|jar|war|ear|whl|egg|apk|aar|so|dylib|dll|exe|o|a|lib|pyc|pyo|class|wasm)
    [^/]*\.(?:bin|dat|pack|idx|pot?|mo|xlf)
"""


_CREDENTIAL_FOLDERS = r"""
    \.m2 \.docker \.vnc \.filezilla filezilla \.aws \.gnupg \.config/hub
"""
_CREDENTIAL_NAMES = r"""
    [._]netrc \.?pgpass(?:\.conf)? \.(?:my|mylogin)\.cnf \.git-credentials (?:[^/]*\.)?smbcred(?:ential)?s?
    \.s3cfg \.pypirc \.npmrc \.htpasswd \.dockercfg \.(?:es)?msmtprc \.esmtprc \.fetchmailrc \.ftpconfig
    \.?env(?:\.(?:prod|production|live|staging|local))? sftp(?:-config)?\.json deployment-config\.json wcx_ftp\.ini
    (?:filezilla|sitemanager|recentservers|settings-security|credentials|robomongo|sysprep)\.(?:xml|json)
    (?:auto)?unattend\.xml (?:secrets?|credentials?|passwords?)\.(?:ya?ml|json|ini|toml|properties|env|txt|conf)
    tomcat-users\.xml wp-config\.php wpa_supplicant\.conf [^/]*\.nmconnection proftpdpasswd ventrilo_srv\.ini
    ultravnc\.ini (?:mgmt|application)-users\.properties database\.ya?ml hibernate\.cfg\.xml \.remote-sync\.json
"""
_RECORDED_FOLDERS = r"""
    (?:vcr_)?cassettes? recordings __recordings__ tapes
"""
_RECORDED_NAMES = r"""
    [^/]*\.tfstate(?:\.backup)? [^/]*\.har [^/]*\.cassette\.\w+
"""
# Where the texts of a user interface stand, by the custom of gettext, Rails, Java, Android, Apple, Fluent and others.
_TRANSLATION_NAMES = r"""
    (?:locales?|langs?|languages?|translations?|i18n|l10n)/(?:[^/]+/)*[^/]+\.(?:php|[jt]s|json5?|ya?ml|ini|properties)
    (?:locales?|langs?|languages?|translations?|i18n|l10n)/(?:[^/]+/)*[^/]+\.(?:xml|txt|toml|rb|lang|csv|html?)
    [^/]+\.lproj/[^/]+ values-[a-z]{2,3}(?:-r[a-z]{2})?/[^/]+\.xml
    (?:messages|locale|strings|labels|lang|translations?)[._-][a-z]{2,3}(?:[._-][a-z]{2,8})?\.[a-z]{1,10}
    [a-z]{2}[_-][a-z]{2}\.(?:json|ya?ml|js|ts|php|properties|ini|xml|toml)
    [^/]*\.(?:ftl|arb|xliff|strings)
    [^/]*[._-](?:zh|pt|en|es|fr)[_-](?:cn|tw|hk|br|pt|us|gb|es|fr|hans|hant)\.[a-z]{1,10}
"""


_DATA_NAMES = r"""
    \.?env(?:rc)?(?:[._-][^/]*)? \.[a-z]*rc dockerfile[^/]* containerfile[^/]* docker-compose[^/]* credentials config
    jenkinsfile procfile \.?pgpass(?:\.conf)? [._]netrc \.git-credentials hosts
    [^/]*\.(?:env|properties|ini|cfg|conf|config|cnf|ya?ml|sh|bash|zsh|fish|profile|tfvars|toml|txt|credentials|npmrc)
    [^/]*\.(?:pypirc|netrc|s3cfg|boto|ps1|bat|cmd|service|plist|reg|list|log|csv|tsv|http|rest|hcl|desktop|inf|url)
"""
_CODE_NAMES = r"""
    [^/]*\.(?:py|pyi|pyx|js|jsx|ts|tsx|mjs|cjs|vue|svelte|java|kt|kts|scala|groovy|gradle|go|c|cc|cpp|cxx|h|hh|hpp|m|mm)
    [^/]*\.(?:rb|erb|php|phtml|rs|cs|fs|vb|swift|pl|pm|lua|r|dart|clj|cljs|ex|exs|erl|hrl|hs|ml|mli|el|lisp|jl|nim|zig)
    [^/]*\.(?:html?|xhtml|css|scss|sass|less|jsp|aspx?|cshtml|twig|ejs|hbs|graphql|proto|thrift|asm|s|v|sv|vhd|vhdl)
    [^/]*\.(?:sol|cu|glsl|cmake|mk|json5?|jsonl|ipynb|xml|xsd|po) makefile
"""


@lru_cache(maxsize=1024)
def notation_of_path(path: str) -> Literal["", "data", "code"]:
    """Return whether values stand bare in such files as a rule (`data`) or strings in quotes (`code`); else empty."""
    if _pattern("", _DATA_NAMES).search(path):
        return "data"
    return "code" if _pattern("", _CODE_NAMES).search(path) else ""


@lru_cache(maxsize=1024)
def kind_of_path(path: str) -> PathKind:
    """Tell what a path says about its content.

    Args:
        path: Relative to the repository, with forward slashes.

    Returns:
        `generated` for lock files, minified code, vendored code, images and the like, which people write no secrets
        into and which are full of digests and noise; `translation` for the texts of user interfaces; `test` for tests,
        examples and documentation; else empty.
    """
    if _pattern(_GENERATED_FOLDERS, _GENERATED_NAMES).search(path):
        return "generated"
    if is_test(path):
        return "test"
    return "translation" if _pattern("", _TRANSLATION_NAMES).search(path) else ""


@lru_cache(maxsize=1024)
def is_documentation(path: str) -> bool:
    """Return whether a path of tests, examples or documentation is one of texts for readers."""
    return bool(_pattern(_DOCUMENT_FOLDERS, _DOCUMENT_NAMES).search(path))


@lru_cache(maxsize=1024)
def is_test(path: str) -> bool:
    """Return whether a path is one of tests, examples or documentation, third-party ones included."""
    return bool(_pattern(_TEST_FOLDERS, _TEST_NAMES).search(path))


@lru_cache(maxsize=1024)
def holds_credentials(path: str) -> bool:
    """Return whether a file is one in which clients, servers and build tools look for credentials."""
    return bool(_pattern(_CREDENTIAL_FOLDERS, _CREDENTIAL_NAMES).search(path))


@lru_cache(maxsize=1024)
def is_recorded(path: str) -> bool:
    """Return whether a program has written down what really passed: HTTP exchanges, the state of infrastructure."""
    return bool(_pattern(_RECORDED_FOLDERS, _RECORDED_NAMES).search(path))


@cache
def _pattern(folders: str, names: str) -> re.Pattern[str]:
    """Compile on first use: a scan without a candidate never asks."""
    either = "|".join
    of_folders = f"(?:{either(folders.split())})/|" if folders else ""
    return re.compile(f"(?:^|/)(?:{of_folders}(?:{either(names.split())})$)", re.IGNORECASE)
