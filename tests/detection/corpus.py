"""Assignments as people write them, hundreds of kinds: real-looking secrets, and twins that stand for none.

All is drawn at run time from a seed; nothing here is taken from a file that a scanner was measured on.
"""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

ALNUM = string.ascii_letters + string.digits

# A path and a line: {n} is the name in snake case, {N} in upper case, {c} in camel case, {C} in Pascal case, {k} in
# kebab case, {v} the value. In the lines under BARE the value has no quotes.
QUOTED = (
    ("app.py", '{n} = "{v}"'),
    ("app.py", "    '{n}': '{v}',"),
    ("app.py", '{n}: str = "{v}"'),
    ("app.py", "client = connect(host, {n}='{v}')"),
    ("app.py", 'os.environ["{N}"] = "{v}"'),
    ("app.py", "{n} = b'{v}'"),
    ("app.py", 'parser.add("--{k}", default=1); config["{n}"] = "{v}"'),
    ("app.js", "const {c} = '{v}';"),
    ("app.js", "  {c}: `{v}`,"),
    ("app.js", "process.env.{N} = '{v}'"),
    ("app.js", 'var x={{"a":1,"{c}":"{v}","b":2}};'),
    ("app.ts", "private readonly {c}: string = '{v}';"),
    ("app.ts", "export const {N}: string | undefined = '{v}' as const;"),
    ("App.java", 'private static final String {N} = "{v}";'),
    ("App.java", 'builder.set{C}("{v}");'),
    ("App.java", 'props.put("{k}", "{v}");'),
    ("App.java", 'System.setProperty("app.{n}", "{v}");'),
    ("App.kt", 'val {c}: String = "{v}"'),
    ("App.kt", '    {c} = "{v}",'),
    ("App.scala", 'val {c} = "{v}"'),
    ("main.go", '{c} := "{v}"'),
    ("main.go", '\t{C}:   "{v}",'),
    ("main.go", 'os.Setenv("{N}", "{v}")'),
    ("main.go", "const {c} = `{v}`"),
    ("main.rs", 'let {n} = "{v}";'),
    ("main.rs", 'const {N}: &str = "{v}";'),
    ("main.rs", 'let {n} = String::from("{v}");'),
    ("main.c", '#define {N} "{v}"'),
    ("main.c", 'static const char *{n} = "{v}";'),
    ("main.cpp", 'std::string {c} = "{v}";'),
    ("App.cs", 'public string {C} {{ get; set; }} = "{v}";'),
    ("App.cs", 'var {c} = @"{v}";'),
    ("App.cs", 'new Options {{ {C} = "{v}" }}'),
    ("app.php", "${c} = '{v}';"),
    ("app.php", "define('{N}', '{v}');"),
    ("app.php", "    '{n}' => '{v}',"),
    ("app.php", "putenv('A=1'); $_ENV['{N}'] = '{v}';"),
    ("app.rb", "{n} = '{v}'"),
    ("app.rb", ":{n} => '{v}',"),
    ("app.rb", '  {n}: "{v}",'),
    ("app.rb", 'config.{n} = "{v}"'),
    ("app.rb", "ENV['{N}'] ||= '{v}'"),
    ("app.pl", "my ${n} = '{v}';"),
    ("App.swift", 'let {c} = "{v}"'),
    ("App.m", 'NSString *{c} = @"{v}";'),
    ("app.dart", "final String {c} = '{v}';"),
    ("app.ex", 'config :app, {n}: "{v}"'),
    ("app.clj", '{{:{k} "{v}"}}'),
    ("app.lua", 'local {c} = "{v}"'),
    ("app.r", '{n} <- "{v}"'),
    ("app.vb", 'Dim {c} As String = "{v}"'),
    ("app.sh", 'export {N}="{v}"'),
    ("app.sh", "{N}='{v}'"),
    ("app.ps1", '${c} = "{v}"'),
    ("app.ps1", '$env:{N} = "{v}"'),
    ("app.groovy", "{c} = '{v}'"),
    ("build.gradle", 'ext.{c} = "{v}"'),
    ("main.tf", '  {n} = "{v}"'),
    ("main.tf", 'variable "x" {{\n  {n}   =   "{v}"\n}}'),
    ("app.toml", '{n} = "{v}"'),
    ("app.yaml", '{n}: "{v}"'),
    ("app.yaml", "  - {{name: x, {c}: '{v}'}}"),
    ("app.json", '  "{c}": "{v}",'),
    ("app.json", '{{"{k}":"{v}"}}'),
    ("app.xml", '<add key="{C}" value="{v}" />'),
    ("app.xml", '<property name="app.{c}" value="{v}"/>'),
    ("app.xml", '<datasource user="app" {n}="{v}"/>'),
    ("strings.xml", '<string name="{n}">{v}</string>'),
    ("app.xml", "<{c}>{v}</{c}>"),
    ("Info.plist", "<key>{C}</key>\n<string>{v}</string>"),
    ("app.html", '<input type="hidden" data-{k}="{v}">'),
    ("notes.txt", 'Use `{n} = "{v}"` to sign in.'),
    ("", '{c}="{v}"'),
    ("app.ipynb", '    "{n} = \\"{v}\\"\\n",'),
    ("pod.yaml", '  - name: {N}\n    value: "{v}"'),
    ("task.json", '{{"name": "{N}", "value": "{v}"}},'),
    ("task.json", '{{\n  "key": "{n}",\n  "value": "{v}"\n}}'),
    ("log.txt", 'sent {{\\"{c}\\": \\"{v}\\"}}'),
)
BARE = (
    (".env", "{N}={v}"),
    (".env", "export {N}={v}"),
    ("pod.yaml", "  - name: {N}\n    value: {v}"),
    ("prod.env", "{N} = {v}  # live"),
    ("app.properties", "app.{c}={v}"),
    ("app.properties", "app.{k} = {v}"),
    ("app.ini", "[main]\n{n} = {v}\n"),
    ("app.conf", "{n} {{}}\n{k}: {v}"),
    ("app.yaml", "  {c}: {v}"),
    ("app.yml", "- {N}={v}\n- B=2\n"),
    ("docker-compose.yml", "    environment:\n      {N}: {v}\n"),
    ("Dockerfile", "ENV {N}={v}"),
    ("Dockerfile", "ENV {N} {v}"),
    ("Dockerfile", "ARG {N}={v}"),
    ("run.sh", "{N}={v} ./run --fast"),
    ("run.sh", "./run --{k}={v} --fast"),
    ("run.sh", "./run --{k} {v}"),
    ("run.sh", "java -D{c}={v} -jar app.jar"),
    ("setup.bat", "set {N}={v}"),
    ("notes.txt", "the {n}: {v}"),
    ("notes.txt", "    export {N}={v}\n"),
)
SECRET_NAMES = (
    "api_key", "secret_key", "access_token", "auth_token", "client_secret", "app_secret", "private_key_value",
    "encryption_key", "signing_secret", "webhook_secret", "jwt_secret", "api_secret", "access_key", "service_token",
    "github_token", "payments_api_key", "session_secret", "refresh_token", "master_key", "api_token",
)  # fmt: skip
PASSWORD_NAMES = (
    "password", "db_password", "passwd", "admin_password", "user_pwd", "smtp_pass", "redis_password",
    "keystore_passphrase", "mysql_root_password", "login_passwd",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One assignment; `kind` says how the value was made."""

    path: str
    text: str
    value: str
    kind: str


def _alnum(rng: random.Random) -> str:
    return "".join(rng.choices(ALNUM, k=rng.choice((20, 24, 32, 40, 48))))


def _hex(rng: random.Random) -> str:
    return rng.randbytes(rng.choice((16, 20, 32))).hex()


def _base64(rng: random.Random) -> str:
    return base64.b64encode(rng.randbytes(rng.choice((24, 32, 33, 48, 64)))).decode()


def _urlsafe(rng: random.Random) -> str:
    return base64.urlsafe_b64encode(rng.randbytes(rng.choice((18, 24, 32)))).decode().rstrip("=")


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _dashed(rng: random.Random) -> str:
    return "-".join("".join(rng.choices(ALNUM, k=8)) for _ in range(4))


def _strong(rng: random.Random) -> str:
    letters = "".join(rng.choices(ALNUM, k=rng.randint(8, 16)))
    return f"{letters[:3]}{rng.choice('!@^*_+-.~')}{letters[3:]}{rng.randint(0, 99)}"


def _human(rng: random.Random) -> str:
    """Make what people think up: two syllables in odd case, a digit for a letter, a year, a sign."""
    syllables = "".join(rng.choice("bcdfgklmnprstvz") + rng.choice("aeiou") for _ in range(rng.randint(3, 4)))
    return syllables.capitalize().replace("o", "0").replace("i", "1") + rng.choice("!@*.") + str(rng.randint(10, 2030))


SECRETS: dict[str, Callable[[random.Random], str]] = {
    "alnum": _alnum, "hex": _hex, "base64": _base64, "urlsafe": _urlsafe, "uuid": _uuid, "dashed": _dashed,
}  # fmt: skip
PASSWORDS: dict[str, Callable[[random.Random], str]] = {"strong": _strong, "human": _human, "alnum": _alnum}

TWINS = (
    "your-{k}-here", "YOUR_{N}", "<your {n}>", "<{k}>", "${{{N}}}", "${N}", "{{{{ {n} }}}}", "{{{{{c}}}}}",
    "%{N}%", "@{n}@", "changeme", "change-me-please", "xxxxxxxxxxxxxxxxxxxxxxxx", "****************", "REDACTED",
    "example-{k}", "my-{k}", "some_{n}", "test-{k}", "dummy-{n}-value", "insert {n} here", "{c}", "{N}", "{n}",
    "config.{c}", "process.env.{N}", "os.environ['{N}']", "get_{n}()", "self.{n}", "settings.{N}", "none", "null",
    "0000000000000000000000000000", "12345678901234567890", "abcdefghijklmnopqrstuvwxyz", "placeholder",
    "TODO-add-{k}", "secret", "password", "not-a-real-{k}", "fake_{n}_1", "vault:secret/data/app#{n}",
    "/run/secrets/{n}", "secretKeyRef.{k}", "!vault {n}", "#{{{n}}}", "$({n})", "${{{{ secrets.{N} }}}}", "%s", "...",
    "invalid_{n}", "{C}Field", "the {n} of the account", "https://example.com/{k}", "{k}-2", "-{k}", "a.b.{c}",
)  # fmt: skip


def named(name: str) -> dict[str, str]:
    """Write a name in every case."""
    words = name.split("_")
    pascal = "".join(map(str.capitalize, words))
    return {"n": name, "N": name.upper(), "c": pascal[0].lower() + pascal[1:], "C": pascal, "k": "-".join(words)}


def real(seed: int) -> Iterator[Line]:
    """Yield every notation with names and values drawn: each line holds a secret."""
    rng = random.Random(f"real {seed}")
    for names, makers in ((SECRET_NAMES, SECRETS), (PASSWORD_NAMES, PASSWORDS)):
        for kind, make in makers.items():
            for path, template in QUOTED + BARE:
                name, value = rng.choice(names), make(rng)
                yield Line(path, template.format(v=value, **named(name)) + "\n", value, kind)


def twins(seed: int) -> Iterator[Line]:
    """Yield every notation with what stands for a value: no line holds a secret."""
    rng = random.Random(f"twins {seed}")
    for names in (SECRET_NAMES, PASSWORD_NAMES):
        for path, template in QUOTED + BARE:
            for twin in rng.sample(TWINS, 12):
                name = named(rng.choice(names))
                value = twin.format(**name)
                yield Line(path, template.format(v=value, **name) + "\n", value, twin)
