"""Examples and near misses of credentials that are more than one run of characters, made at run time."""

from __future__ import annotations

import base64
import json

from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from tests.detection.assigned import ASSIGNMENTS
from tests.detection.placed import PLACED
from tests.detection.shapes import Shape, a_password, chance
from tests.detection.told import TOLD


def private_key(*, encrypted: bool = False, form: pem.PrivateFormat = pem.PrivateFormat.PKCS8) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    cipher = pem.BestAvailableEncryption(b"phrase") if encrypted else pem.NoEncryption()
    return key.private_bytes(pem.Encoding.PEM, form, cipher).decode().strip()


def short_key() -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()).decode().strip()


def public_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo).decode().strip()


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _keys() -> Shape:
    plain, openssh, short = private_key(), private_key(form=pem.PrivateFormat.OpenSSH), short_key()
    escaped = plain.replace("\n", r"\n")
    commented = "\n".join(f"# {line}" for line in plain.splitlines())
    begin, end = plain.splitlines()[0], plain.splitlines()[-1]
    return Shape(
        [
            ("", f"key:\n{plain}\nafter", plain),
            ("", openssh, openssh),
            ("", short, short),
            ("key.json", f'{{"private_key": "{escaped}\\n"}}', escaped),
            ("", commented, commented[2:]),
            ("", f"client-key-data: {b64(plain)}\n", plain),
            ("", b64(short), short),
        ],
        [
            ("", public_key()),
            ("", b64(public_key())),
            ("", b64(plain)[:100]),
            ("", f"{begin}\n{end}"),
            ("", f"{begin}\n{'A' * 64}\n{'A' * 64}\n{end}"),
            ("", f'if text.startswith("{begin}"):\n    body = text.removeprefix("{begin}")\n    stop = "{end}"'),
            ("", begin.replace("PRIVATE", "PUBLIC") + "\n" + chance(64, "b64")),
        ],
    )


def _putty() -> Shape:
    found = []
    for version in (2, 3, 3):
        lines = "\n".join(chance(64, "b64") for _ in range(3))
        head = f"PuTTY-User-Key-File-{version}: ssh-rsa\nEncryption: none\nComment: k\nPublic-Lines: 1\n{chance(64)}\n"
        text = f"{head}Private-Lines: 3\n{lines}"
        found.append(("", f"{text}\nPrivate-MAC: 00\n", text))
    bare = found[0][2]
    return Shape(
        found,
        [
            ("", bare.partition("Private-Lines")[0]),
            ("", bare.replace("File-2", "File-9")),
            ("", bare.replace("Private-Lines: 3", "Private-Lines: none")),
        ],
    )


def _jwts() -> Shape:
    def token(header: object, payload: object) -> str:
        return f"{segment(header)}.{segment(payload)}.{chance(43, 'b64u')}"

    tokens = [
        token({"alg": "HS256", "typ": "JWT"}, {"sub": "user/7712", "iss": "corp"}),
        token({"alg": "RS256", "kid": "k1"}, {"sub": "user/7712", "exp": 1999999999}),
        token({"typ": "JWT", "alg": "ES256"}, {"scope": ["a", "b"]}),
    ]
    good = tokens[0]
    return Shape(
        [("", f"token={each}\n", each) for each in tokens],
        [
            ("", token({"typ": "JWT"}, {"sub": "7712"})),
            ("", good.replace("eyJ", "eyK", 1)),
            ("", good.rpartition(".")[0]),
            ("", f"eyJ{chance(30, 'b64u')}.eyJ{chance(30, 'b64u')}.{chance(43, 'b64u')}"),
        ],
    )


def _basic() -> Shape:
    pairs = [b64(f"{user}:{a_password()}") for user in ("deploy", "a.b@corp.io", "x")]
    return Shape(
        [
            ("", f'headers = {{"Authorization": "Basic {pairs[0]}"}}', pairs[0]),
            ("", f"Authorization: Basic {pairs[1]}\r\n", pairs[1]),
            ("", f"curl -H 'authorization: basic {pairs[2]}' https://corp.io", pairs[2]),
        ],
        [
            ("", f"Authorization: Basic {b64('no colon in this text')}"),
            ("", f"Authorization: Digest {pairs[0]}"),
            ("", f"Basic {pairs[0]}"),
        ],
    )


def _urls() -> Shape:
    one, two, three = a_password(), a_password(20), chance(40)
    return Shape(
        [
            ("", f"git clone https://deploy:{one}@git.corp.io/a.git", one),
            ("", f'"ftp://deploy:{two}@files.corp.io/"', two),
            ("", f"smtp://:{three}@mail.corp.io:587", three),
        ],
        [
            ("", "https://deploy:${PASSWORD}@git.corp.io/a.git"),
            ("", "https://deploy:xxxxxxxx@git.corp.io/a.git"),
            ("", f"https://deploy@git.corp.io/{one}"),
            ("", f"http://git.corp.io:8080/{one}@v2"),
            ("", "https://user:{password}@host/"),
        ],
    )


def _databases() -> Shape:
    one, two, three = a_password(), a_password(20), chance(32)
    return Shape(
        [
            ("", f"DATABASE_URL=postgres://app:{one}@db.corp.io:5432/shop\n", one),
            ("", f"mongodb+srv://app:{two}@c0.ab1.mongodb.net/?retryWrites=true", two),
            ("", f'broker = "redis://:{three}@cache.corp.io:6379/0"', three),
            ("", f"mysql+pymysql://app:{one}@10.0.0.7/shop", one),
        ],
        [
            ("", "postgres://app:%s@%s/shop"),
            ("", "postgres://app:<password>@db.corp.io/shop"),
            ("", "redis://localhost:6379/0"),
            ("", "postgresql://app@db.corp.io/shop"),
        ],
    )


def _pairs() -> Shape:
    one, two, three = a_password(), a_password(16), chance(20)
    return Shape(
        [
            ("", f'"Server=tcp:shop.corp.io,1433;Database=shop;User ID=app;Password={one};Encrypt=True"', one),
            ("", f"Data Source=db;Initial Catalog=shop;uid=app;pwd={two}", two),
            ("", f"Driver={{ODBC}};Server=db;Uid=app;Pwd={three};", three),
        ],
        [
            ("", "Server=db;Database=shop;Integrated Security=True;"),
            ("", "Server=db;User ID=app;Password=${PASSWORD};"),
            ("", "Server=db;User ID=app;Password=;"),
        ],
    )


def _jdbc() -> Shape:
    one, two, three = a_password(), a_password(16), chance(20)
    return Shape(
        [
            ("", f"jdbc:postgresql://db.corp.io/shop?user=app&password={one}", one),
            ("", f'"jdbc:mariadb://db.corp.io:1433/shop?user=app&password={two}"', two),
            ("", f"jdbc:mysql://db.corp.io/shop?password={three}&useSSL=true", three),
        ],
        [
            ("", "jdbc:postgresql://db.corp.io/shop?user=app"),
            ("", "jdbc:postgresql://db.corp.io/shop?password=${DB_PASSWORD}"),
            ("", "jdbc:mysql://db.corp.io/shop?password=changeme"),
        ],
    )


def _curl() -> Shape:
    passwords = [a_password(), a_password(20), chance(24)]
    return Shape(
        [
            ("", f"curl -u deploy:{passwords[0]} https://corp.io", passwords[0]),
            ("", f"curl -sSL --user 'deploy:{passwords[1]}' https://corp.io", passwords[1]),
            ("", f'curl https://corp.io -u "deploy:{passwords[2]}"', passwords[2]),
        ],
        [
            ("", 'curl -u "$USER:$PASSWORD" https://corp.io'),
            ("", "curl -u deploy https://corp.io"),
            ("", f"sort -u deploy:{passwords[0]}"),
        ],
    )


STRUCTURES = {
    **ASSIGNMENTS,
    **PLACED,
    **TOLD,
    "authorization-basic": _basic(),
    "connection-string-password": _pairs(),
    "curl-user": _curl(),
    "database-url": _databases(),
    "jdbc-password": _jdbc(),
    "jwt": _jwts(),
    "private-key": _keys(),
    "putty-private-key": _putty(),
    "url-credentials": _urls(),
}
