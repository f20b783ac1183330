"""Examples and near misses of secrets that only their name tells."""

from __future__ import annotations

from tests.detection.shapes import Shape, a_password, chance


def _assigned(secret: str) -> list[tuple[str, str, str]]:
    lines = [
        ("a.py", 'api_key = "{}"'),
        ("a.js", "const clientSecret: string = '{}';"),
        ("a.json", '{{"accessToken": "{}"}}'),
        ("a.xml", '<add key="ApiSecret" value="{}"/>'),
        ("a.php", "define('AUTH_TOKEN', '{}');"),
        ("A.java", 'client.setApiKey("{}");'),
        ("a.go", "SigningKey:   `{}`,"),
        ("a.go", 'var apiToken string = "{}"'),
        ("a.go", 'const apiKey        = "{}"'),
        ("a.rs", 'const API_KEY: &\'static str = "{}";'),
        ("a.c", 'static const char api_key[] = "{}";'),
        ("a.php", '$apiKey .= "{}";'),
        ("a.js", "authToken += '{}'"),
        ("main.tf", 'access_key             =           "{}"'),
    ]
    return [(path, line.format(secret), secret) for path, line in lines]


def _secrets() -> Shape:
    secret = "q7" + chance(30)
    names = ("public_key", "csrf_token", "key_id", "token_url", "secretName", "primaryKey")
    values = (
        "the-name-of-a-secret-2",
        "${API_KEY_FROM_ENV}",
        "your-api-key-goes-here1",
        "/etc/keys/api2.key",
        "x" * 32,
    )
    return Shape(
        _assigned(secret),
        [("a.py", f'{name} = "{secret}"') for name in names]
        + [("a.py", f'api_key = "{value}"') for value in values]
        + [("package-lock.json", f'"token": "{secret}"'), ("a.py", f'["token", "{secret}"]')],
    )


def _bare_secrets() -> Shape:
    secret = "q7" + chance(30)
    return Shape(
        [
            (".env", f"API_KEY={secret}\n", secret),
            ("deploy/app.yaml", f"  client_secret: {secret}  # live\n", secret),
            ("Dockerfile", f"ENV ACCESS_TOKEN={secret}\n", secret),
            ("conf/app.properties", f"auth.token = {secret}\r\n", secret),
            ("app.yaml", f"client_secret:            {secret}\n", secret),
            ("Makefile.env", f"API_KEY ::= {secret}\n", secret),
            ("build.env", f"API_KEY ?= {secret}\n", secret),
        ],
        [
            ("a.py", "api_key = compute_api_key_v2\n"),
            (".env", "API_KEY=$(get-the-api-key-2)\n"),
            (".env", f"PUBLIC_KEY={secret}\n"),
            ("a.yaml", "token: the-name-of-a-token-2\n"),
        ],
    )


def _passwords() -> Shape:
    one = a_password()
    lines = [
        ("a.py", 'password = "{}"'),
        ("a.json", '{{"dbPassword": "{}"}}'),
        ("A.java", 'ds.setPassword("{}");'),
        ("a.php", "define('DB_PASSWORD', '{}');"),
        ("a.rb", ":password => '{}'"),
        ("a.go", 'Password: "{}",'),
        ("a.js", "const dbPass = `{}`"),
        ("a.go", 'var dbPassword string = "{}"'),
        ("a.c", 'char password[64] = "{}";'),
        ("a.php", '$password .= "{}";'),
        ("main.tf", 'password               = "{}"'),
    ]
    words = (
        "password",
        "changeme",
        "${DB_PASSWORD}",
        "<password>",
        "*****",
        "get_password()",
        "#password-input",
        "required",
    )
    return Shape(
        [(path, line.format(one), one) for path, line in lines],
        [("a.py", f'password = "{word}"') for word in words]
        + [("a.py", f'{name} = "{one}"') for name in ("password_field", "passwordLabel", "compass", "bypass_hash")],
    )


def _bare_passwords() -> Shape:
    one = a_password()
    return Shape(
        [
            (".env", f"DB_PASSWORD={one}\n", one),
            ("app.yml", f"  password: {one}\n", one),
            ("my.cnf", f"password = {one}\n", one),
            ("app.yml", f"password:                {one}\n", one),
        ],
        [
            ("a.py", "password = second_password\n"),
            ("app.yml", "password: changeme\n"),
            ("app.yml", "password: !vault db/pass\n"),
        ],
    )


def _xml_passwords() -> Shape:
    one = a_password()
    return Shape(
        [
            ("settings.xml", f"<password>{one}</password>", one),
            ("a.config", f"<db:Password>\n  {one}\n</db:Password>", one),
            ("a.xml", f'<property name="ftp.password">{one}</property>', one),
        ],
        [
            ("a.xml", "<password>${env.PASSWORD}</password>"),
            ("a.xml", "<password></password>"),
            ("a.xml", f"<description>{one}</description>"),
        ],
    )


ASSIGNMENTS = {
    "generic-password": _passwords(),
    "generic-password-bare": _bare_passwords(),
    "generic-password-xml": _xml_passwords(),
    "generic-secret": _secrets(),
    "generic-secret-bare": _bare_secrets(),
}
