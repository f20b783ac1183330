"""Examples and near misses of credentials in prose, in lists, and among the arguments of commands and functions."""

from __future__ import annotations

import base64
import binascii

from tests.detection.shapes import RNG, Shape, a_password, chance

WORDS = (
    *("The password is {}", "login as admin (pw: {})", "Password for the router: {}", "root password - {}"),
    *(
        "비밀번호: {}",
        "パスワード\uff1a{}",
        "密码\uff1a{}",
        "密码是 {}",
        "пароль: {}",
        "contraseña: {}",
        "mot de passe : {}",
    ),
    *("Kennwort ist {}", "the root password was changed to {}, tell nobody"),
)
NO_PASSWORDS = (
    *("The password is required", "password: see README2.md for it", "the password is stored in ISO-8859-1"),
    *(
        "pass -v2.10.3-rc1 to it",
        "password is $PASSWORD1!",
        "pw: <your-Password-1>",
        "the password: P@ssw0rd!",
        "password: view.vue?id=Q7&type=b",
        "パスワード\uff1aを入力してください",
        "密码\uff1a至少8位",
    ),
    *("The password is https://a.corp.io/X9!", "a pass through SHA-256-only", "password was changed to something else"),
)


def _prose() -> Shape:
    one = a_password()
    return Shape(
        [("notes.txt", line.format(one), one) for line in WORDS], [("notes.txt", line) for line in NO_PASSWORDS]
    )


def _accounts() -> Shape:
    one = a_password()
    return Shape(
        [
            ("notes.txt", f"credentials: admin / {one}", one),
            ("notes.txt", f"Login: root:{one}\n", one),
            ("notes.txt", f"user/pass: ops | {one}", one),
        ],
        [
            ("notes.txt", "credentials: admin / none yet"),
            ("notes.txt", "login: https://corp.io/A9?x"),
            ("notes.txt", f"weather: sunny / {one}"),
        ],
    )


def _addresses() -> Shape:
    one = a_password()
    return Shape(
        [
            ("list.txt", f"ann@corp.io:{one}\n", one),
            ("list.csv", f'"ann@corp.io","{one}"\n', one),
            ("mail.py", f"# smtp.corp.io, ops.team@corp.io, {one}\n", one),
        ],
        [
            ("a.txt", "git@git.corp.io:Team9/Shop.git"),
            ("a.txt", "ann@corp.io, 2024-05-06T07:08:09Z"),
            ("a.txt", "ann@corp.io; see RFC-5322 and more"),
            ("a.txt", "bob@corp.io, Release-V2"),
        ],
    )


def _secrets() -> Shape:
    one = "q7" + chance(30)
    return Shape(
        [
            ("notes.txt", f"the api key is {one}, do not share", one),
            ("notes.txt", f"token - {one}\n", one),
            ("notes.txt", f"Use the access key for staging: {one} .\n", one),
            ("notes.txt", f"api_key {one}\n", one),
        ],
        [
            ("notes.txt", "the api key is required-to-access-everything"),
            ("notes.txt", "token - SOME_LONG_ENVIRONMENT_NAME_2"),
            ("notes.txt", "secret is /var/run/secrets/kubernetes.io/token2"),
            ("notes.txt", f"colour - {one}"),
        ],
    )


def _lists() -> Shape:
    one, two = "q7" + chance(30), "q7" + chance(30)
    return Shape(
        [
            ("a.py", f'API_KEYS = ["{one}"]\n', one),
            ("a.yml", f"tokens: [{one}]\n", one),
            ("a.yml", f"api_keys:\n  - {one}\n", one),
            ("a.go", f'var tokens = []string{{"{one}"}}\n', one),
        ],
        [
            ("a.py", f'PUBLIC_KEYS = ["{one}", "{two}"]\n'),
            ("a.py", 'TOKENS = ["left-parenthesis", "right-parenthesis-2"]\n'),
            ("a.yml", "tokens: [${FIRST_TOKEN_OF_2}]\n"),
        ],
    )


def _options() -> Shape:
    one = a_password().replace("!", "+")
    lines = (
        *("xfreerdp /u:bob /p:{} /v:10.1.2.3", r"psexec \\10.1.2.3 -u bob -p {} cmd", "plink -ssh bob@h -pw {} uptime"),
        *("ldapsearch -x -D cn=admin,dc=corp -w {} -b dc=corp", "sqlcmd -S srv -U sa -P {}"),
        r"net use z: \\srv\share {} /user:bob",
    )
    return Shape(
        [("a.sh", line.format(one), one) for line in lines],
        [("a.sh", line.format("$SECRET1")) for line in lines] + [("a.sh", f"grep -w {one} file")],
    )


def _arguments() -> Shape:
    one = a_password().replace("!", "+")
    lines = (
        *("rabbitmqctl add_user bob {}", "htpasswd -b .htpasswd bob {}", "smbclient //srv/share -U bob%{}"),
        *("openssl enc -aes-256-cbc -k {} -in a", "echo {} | docker login -u bob --password-stdin"),
        *("echo '{}' | sudo -S apt update", "echo -n {} | kinit bob"),
    )
    return Shape(
        [("a.sh", line.format(one), one) for line in lines],
        [("a.sh", line.format("$SECRET1")) for line in lines]
        + [("a.sh", f"echo {one} | tee file"), ("a.sh", f"echo {one}"), ("a.sh", f"rabbitmqctl set_policy bob {one}")],
    )


def _connections() -> Shape:
    one = a_password()
    lines = (
        ("a.php", 'mysql_connect("db.corp.io", "shop", "{}");'),
        ("a.php", 'new mysqli("db.corp.io", "shop", "{}", "shopdb");'),
        ("a.php", "new PDO('mysql:host=db.corp.io;dbname=shop', 'shop', '{}');"),
        ("a.php", "ftp_login($ftp, 'shop', '{}')"),
        ("A.java", 'DriverManager.getConnection("jdbc:mysql://db.corp.io/shop", "shop", "{}");'),
        ("a.py", "client.connect('10.2.3.4', 22, 'deploy', '{}')"),
        ("a.py", "connection.simple_bind_s('cn=admin,dc=corp', '{}')"),
        ("a.py", "Connection(server, 'cn=admin,dc=corp', '{}')"),
    )
    return Shape(
        [(path, line.format(one), one) for path, line in lines],
        [(path, line.format("password")) for path, line in lines]
        + [
            ("a.php", f'mysql_connect("db.corp.io", "{one}", $password);'),
            ("a.py", f"widget.connect('{one}', clicked)"),
        ],
    )


def _seeds() -> Shape:
    one = chance(32, "b32")
    return Shape(
        [
            ("a.py", f"pyotp.TOTP('{one}')", one),
            ("a.rb", f'ROTP::TOTP.new("{one}", issuer: "a")', one),
            ("a.js", f'new TOTP("{one}")', one),
        ],
        [
            ("a.py", "pyotp.TOTP('AAAAAAAAAAAAAAAA')"),
            ("a.py", f"pyotp.TOTP('{one[:10]}')"),
            ("a.py", f"isotope = '{one}'"),
        ],
    )


def _items() -> Shape:
    one = "q7" + chance(38)
    return Shape(
        [
            ("a.yml", f"- Bearer {one}\n", one),
            ("a.json", f'["Bearer {one}"]', one),
            ("a.txt", f"Bearer {one}", one),
        ],
        [
            ("a.md", "- Bearer authentication-is-described-below-2\n"),
            ("a.yml", "- Bearer ${SOME_TOKEN_FROM_CI_2}\n"),
            ("a.txt", f"the bearer of {one}"),
        ],
    )


def _shares() -> Shape:
    one, two = base64.b64encode(RNG.randbytes(33)).decode(), RNG.randbytes(33).hex()
    return Shape(
        [
            ("a.sh", f"vault operator unseal {one}\n", one),
            ("a.sh", f"vault operator unseal -address=https://v.corp.io {two}\n", two),
            ("a.sh", f'vault operator unseal "{one}"', one),
        ],
        [
            ("a.sh", "vault operator unseal $KEY_1\n"),
            ("a.sh", f"vault operator init {one}\n"),
            ("a.sh", "vault operator unseal -migrate\n"),
        ],
    )


def nkey(kind: int = 20) -> str:
    """Make an NKEY seed: of a user, unless *kind* says otherwise."""
    raw = bytes([18 << 3 | kind >> 2, (kind & 3) << 6]) + RNG.randbytes(32)
    return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).decode().rstrip("=")


def _nkeys() -> Shape:
    one = nkey()
    wrong = one[:-1] + ("A" if one[-1] != "A" else "B")
    return Shape(
        [("a.yml", f"seed: {one}\n", one), ("a.txt", one, one), ("a.json", f'{{"x": "{one}"}}', one)],
        [("a.txt", wrong), ("a.txt", one[:-1]), ("a.txt", one.lower()), ("a.txt", f"x{one}")],
    )


TOLD = {
    "account-in-prose": _accounts(),
    "address-and-password": _addresses(),
    "bearer-item": _items(),
    "client-password-option": _options(),
    "command-argument-password": _arguments(),
    "connection-argument": _connections(),
    "generic-secret-list": _lists(),
    "nats-nkey-seed-alone": _nkeys(),
    "password-in-prose": _prose(),
    "secret-in-prose": _secrets(),
    "totp-seed-argument": _seeds(),
    "vault-unseal-command": _shares(),
}
