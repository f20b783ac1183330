"""What stands around a candidate: its path, the name it is assigned to, remarks on its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from picket.detection.evidence import FATAL, Candidate, Evidence

_TEST_PATH = re.compile(
    r"(?:^|/)(?:tests?|testing|__tests__|specs?|testdata|test[-_]?data|fixtures?|mocks?|__mocks__|stubs?|e2e|"
    r"examples?|samples?|demos?|docs?|documentation|tutorials?|cassettes|snapshots?)/"
    r"|(?:^|/)(?:test_[^/]*|conftest\.py|readme[^/]*|changelog[^/]*|changes[^/]*|[^/]*[._-](?:tests?|specs?|example|sample|mock|fixture)s?"
    r"(?:\.[a-z]{1,10})+|[^/]*(?:Test|Tests|Spec|IT)\.(?:java|kt|scala|groovy|cs|swift|php))$"
    r"|\.(?:md|mdx|rst|adoc|asciidoc|example|sample|dist|template|tmpl)$",
    re.IGNORECASE,
)
# Nobody writes a secret into these by hand, and they are full of hashes and noise.
_GENERATED_PATH = re.compile(
    r"(?:^|/)(?:node_modules|bower_components|vendor|third[-_]party|\.yarn|site-packages|[^/]+\.dist-info|[^/]+\.egg-info|__pycache__)/"
    r"|(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.ya?ml|bun\.lockb?|poetry\.lock|pdm\.lock|"
    r"uv\.lock|Pipfile\.lock|Cargo\.lock|Gemfile\.lock|composer\.lock|go\.(?:sum|work\.sum)|mix\.lock|pubspec\.lock|"
    r"Podfile\.lock|packages\.lock\.json|gradle\.lockfile|flake\.lock|deno\.lock|\.terraform\.lock\.hcl|"
    r"verification-metadata\.xml|\.secrets\.baseline|\.gitleaksignore|RECORD|requirements\.lock)$"
    r"|[.-]min\.(?:js|css|mjs)$|\.bundle\.js$|\.chunk\.js$"
    r"|\.(?:map|svg|png|jpe?g|gif|webp|bmp|ico|tiff?|psd|ai|eps|woff2?|ttf|otf|eot|mp[34]|m4[av]|avi|mov|mkv|webm|wav|flac|"
    r"ogg|pdf|docx?|xlsx?|pptx?|zip|gz|tgz|bz2|xz|zst|7z|rar|jar|war|ear|whl|egg|apk|aar|so|dylib|dll|exe|o|a|lib|pyc|pyo|"
    r"class|wasm|bin|dat|pack|idx|po|pot|mo|xlf|sum|lock|snap)$",
    re.IGNORECASE,
)
_ALLOWED = re.compile(rb"(?:gitleaks|betterleaks|picket):allow|pragma: ?(?:allow|white)list[ -]?secret")
_ALLOWED_NEXT = re.compile(rb"pragma: ?(?:allow|white)list[ -]nextline[ -]secret")
_WORD = re.compile(rb"\w")
_NAME_END = re.compile(rb"[\w.$-]*$")
_NAME_START = re.compile(rb"[\w.$\[\]-]*")
_IN_LIST = re.compile(rb"""["'`][ \t]*,[ \t]*["'`]?$""")
_CALL = re.compile(rb"""\(\s*["'`][\w.$-]*["'`]?$""")

# Names that contain a word for a secret and hold something else. Matched on the whole identifier, lower-case, with
# separators reduced to underscores.
_HARMLESS_NAME = re.compile(
    r"(?:public|foreign|primary|partition|sort|cache|index|unique|group|row|col|column|hash|range|map|dict|shortcut|hot|arrow|"
    r"idempoten\w*|translation|i18n|locale|message|object|registry|feature|config|settings?|site|recaptcha_site|"
    r"publishable|anon|pub|verify|verification|verifying|host|known|data|json|xml|api_version|license_?type)_?keys?$"
    r"|keys?_?(?:id|ids|name|names|size|sizes|file|files|path|paths|type|types|length|len|code|codes|word|words|board|"
    r"press|down|up|event|frames?|value|index|prefix|suffix|format|usage|ring|store|space|label|column|field|attr|"
    r"func|fn|error|vault|points?|alias|url|uri|arn|version|spec|schema|map|mapping|pattern|regex|params?|purpose|alg|algorithm|"
    r"exchange|fingerprint|hash|digest|hint|bits|set)$"
    r"|tokens?_?(?:id|type|types|name|names|url|uri|endpoint|path|count|limit|expir\w*|lifetime|ttl|kind|class|field|header|"
    r"param|parameter|pattern|regex|format|prefix|length|len|list|stream|index|info|issuer|audience|schema|scheme|"
    r"generator|validator|provider|store|storage|service|file|error|status|usage|budget|symbol|address|decimals|"
    r"iz\w*|contract|hash|fingerprint|suffix|separator|mode|source|key_name|description|review)$"
    r"|(?:csrf|xsrf|crumb|next|page|continuation|sync|pagination|cursor|stop|start|end|pad|bos|eos|unk|mask|cls|sep|"
    r"special|special_tokens?|design|lexer|parser|syntax|identifier|cancellation|cancel|erc20|integrity|sha\d*)_?\w{0,12}tokens?$"
    r"|(?:csrf|xsrf)\w*$|(?:^|_)(?:nonce|signature|timestamp|verifier|callback|checksum|etag|digest|fingerprint)$"
    r"|secrets?_?(?:name|names|id|ids|path|paths|arn|ref|refs|key_?ref|keys?_?name|version|type|store|manager|engine|provider|file|uri|url|"
    r"label|length|pattern|field|prefix|namespace|hash|volume|mount|count|scanner|detector|rotation|description)$"
    r"|(?:pass(?:word|wd|phrase)?|pwd)_?(?:field|fields|input|label|hash|hashes|hashed|hasher|digest|salt|reset\w*|policy|file|files|prompt|hint|min|max|"
    r"length|len|regex|pattern|placeholder|url|uri|path|confirm\w*|changed?|changes?|strength|validator\w*|type|name|key|id|"
    r"form|page|view|error|errors|message|title|text|button|class|selector|xpath|locator|required|rules?|age|expir\w*|"
    r"column|param|attr|attribute|property|encoder|manager|generator|grant|dialog|help|description|char|char_?set|ref|secret_?(?:name|ref)|env|env_?var|cmd|command|provider|store|credential_?id)$"
    r"|(?:forgot|reset|change|confirm|invalid|wrong|incorrect|enter|missing|show|hide|toggle|no|has|is|needs?|require[sd]?|bad|mismatch\w*)_?(?:pass(?:word|wd|phrase)?|pwd)(?:_\w*)?$"
    r"|auth(?:entication|orization)?_?(?:type|url|uri|mode|method|methods|scheme|provider|service|backend|header|handler|path|endpoint|domain|host|"
    r"server|file|user|username|name|level|state|status|error|flow|realm|class|plugin|module|config|source|db|database|mechanism|policy|"
    r"strategy|group|context|callback|redirect|scope|scopes|callback_?url|event|action|message|required|enabled)$"
    r"|\bauthor\w*$|credentials?_?(?:id|ids|name|type|file|path|url|provider|source|helper|store|class|scope|key|field|process|mode|policy)$"
    r"|(?:api|access)_?(?:version|url|uri|base|endpoint|path|host|name|type|level|mode|group|version_?\w*|doc|docs|prefix|key_?(?:id|name|header|param|field|url|in|location|env\w*|file|path))$",
)
_LETTER_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@lru_cache(maxsize=1024)
def kind_of_path(path: str) -> str:
    """Tell what a path says about its content: `generated`, `test` (documentation too) or nothing."""
    if _GENERATED_PATH.search(path):
        return "generated"
    return "test" if _TEST_PATH.search(path) else ""


def path(candidate: Candidate) -> Evidence | None:
    """Lower the confidence in test and documentation paths; drop what is not recognisable alone in generated ones."""
    kind = kind_of_path(candidate.blob.path)
    strong = candidate.rule.specificity in {"distinctive", "structural"}
    if candidate.blob.binary and candidate.rule.specificity != "distinctive":
        return Evidence("binary content: only distinctive formats are looked for", FATAL)
    if kind == "generated":
        return Evidence("a generated or third-party file", -1.0 if strong else FATAL)
    if kind == "test":
        alone = candidate.rule.specificity == "distinctive"
        return Evidence("a test, example or documentation path", -0.7 if alone else -2.0)
    return None


def allowed_inline(candidate: Candidate) -> str:
    """Say whether a remark on the candidate's line (or one above, where it says so) allows it; empty when not."""
    if _says(_ALLOWED, candidate.line):
        return "allowed by a comment on its line"
    return "allowed by a comment on the line above" if _says(_ALLOWED_NEXT, candidate.line_above) else ""


def _says(remark: re.Pattern[bytes], line: bytes) -> bool:
    lowered = line.lower()  # and plain searches first: this is asked of every candidate
    return (b"allow" in lowered or b"whitelist" in lowered) and bool(remark.search(lowered))


def name_of(candidate: Candidate) -> str:
    """Return the identifier that the secret is assigned to, in lower-case words joined by underscores.

    The match may begin in the middle of it, or one character before it.
    """
    content = candidate.blob.content
    start = candidate.match_start + (not _WORD.match(content, candidate.match_start))
    left = _NAME_END.search(content[max(0, start - 60) : start])
    right = _NAME_START.match(content, start, candidate.start)
    name = ((left.group() if left else b"") + (right.group() if right else b"")).decode("ascii", "replace")
    return re.sub(r"[^a-z0-9]+", "_", _LETTER_CASE.sub("_", name).lower()).strip("_")


def name(candidate: Candidate) -> Evidence | None:
    """Drop values whose name says that they are something else: a public key, a key's size, a CSRF token."""
    if _HARMLESS_NAME.search(name_of(candidate)):
        return Evidence("its name says that it is something else", FATAL)
    if _IN_LIST.search(candidate.match[: candidate.start - candidate.match_start]) and not _CALL.search(
        candidate.blob.content[max(0, candidate.match_start - 60) : candidate.match_start + 1]
    ):
        return Evidence("the next item of a list, not the value of its name", FATAL)
    return None


SURROUNDINGS: dict[str, Callable[[Candidate], Evidence | None]] = {"path": path, "name": name}
