"""Examples and near misses of credentials at a known place in a file, a statement or a command."""

from __future__ import annotations

import base64

from tests.detection.shapes import Shape, a_password, chance


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _netrc() -> Shape:
    one, two, three = a_password(), a_password(16), chance(40)
    return Shape(
        [
            (".netrc", f"machine git.corp.io login deploy password {one}\n", one),
            ("_netrc", f"machine git.corp.io\n  login deploy\n  password {two}\nmachine b\n", two),
            ("", f"default login anonymous password {three}", three),
        ],
        [
            (".netrc", "machine git.corp.io login deploy password ${PASSWORD}"),
            (".netrc", f"machine git.corp.io login deploy account {one}"),
            ("", f"the login deploy, password {one}"),
        ],
    )


def _npmrc() -> Shape:
    token, pair, password = "q7" + chance(34), _b64(f"deploy:{a_password()}"), _b64(a_password(16))
    return Shape(
        [
            (".npmrc", f"//npm.corp.io/:_authToken={token}\n", token),
            (".npmrc", f"_auth = {pair}\nemail=a@corp.io\n", pair),
            (".npmrc", f'//npm.corp.io/:_password="{password}"\n', password),
        ],
        [
            (".npmrc", "//npm.corp.io/:_authToken=${NPM_TOKEN}\n"),
            (".npmrc", "always-auth=true\n"),
            (".npmrc", "//npm.corp.io/:username=deploy\n_auth=\n"),
        ],
    )


def _docker() -> Shape:
    pairs = [_b64(f"{user}:{a_password()}") for user in ("deploy", "_json_key", "AWS")]
    return Shape(
        [
            ("config.json", f'{{"auths": {{"r.corp.io": {{"auth": "{pairs[0]}"}}}}}}', pairs[0]),
            (".dockerconfigjson", f'"https://index.docker.io/v1/": {{\n\t"auth": "{pairs[1]}"\n}}', pairs[1]),
            ("", f'{{"auth":"{pairs[2]}","email":"a@corp.io"}}', pairs[2]),
        ],
        [
            ("", '{"auths": {"r.corp.io": {}}, "credsStore": "desktop"}'),
            ("", f'{{"auth": "{_b64("no colon in this one")}"}}'),
            ("", '{"auth": "required"}'),
        ],
    )


def _pgpass() -> Shape:
    one, two, three = a_password(), a_password(16), chance(24)
    return Shape(
        [
            (".pgpass", f"db.corp.io:5432:shop:app:{one}\n", one),
            (".pgpass", f"# mine\n*:*:*:app:{two}\n", two),
            ("pgpass.conf", f"10.0.0.7:6432:*:app:{three}\r\n", three),
        ],
        [
            (".pgpass", "db.corp.io:5432:shop:app:\n"),
            (".pgpass", "db.corp.io:5432:shop:app:password\n"),
            ("", f"at 10:20:30:40:{one}\n"),
        ],
    )


def _salts() -> Shape:
    salts = [f"{chance(20)} {chance(8)}#{chance(12)}&{chance(20)}" for _ in range(3)]
    return Shape(
        [
            ("wp-config.php", f"define('AUTH_KEY',         '{salts[0]}');", salts[0]),
            ("wp-config.php", f"define( 'NONCE_SALT', '{salts[1]}' );", salts[1]),
            ("wp-config.php", f'define("SECURE_AUTH_SALT", "{salts[2]}");', salts[2]),
        ],
        [
            ("wp-config.php", "define('AUTH_KEY', 'put your unique phrase here put it here');"),
            ("wp-config.php", f"define('TABLE_KEY', '{salts[0]}');"),
            ("wp-config.php", "define('AUTH_KEY', getenv('AUTH_KEY'));"),
        ],
    )


def _sql() -> Shape:
    one, two, three, four = a_password(), a_password(16), chance(20), a_password(14)
    return Shape(
        [
            ("a.sql", f"CREATE USER 'app'@'%' IDENTIFIED BY '{one}';", one),
            ("a.sql", f"create role app with login password '{two}';", two),
            ("a.sql", f"ALTER USER app IDENTIFIED WITH mysql_native_password BY '{three}'", three),
            ("a.py", f"cursor.execute(\"SET PASSWORD FOR 'app'@'%' = PASSWORD('{four}')\")", four),
        ],
        [
            ("a.sql", "CREATE USER app IDENTIFIED BY 'password';"),
            ("a.sql", "CREATE USER app IDENTIFIED BY '${APP_PASSWORD}';"),
            ("a.sql", "CREATE TABLE account (password text DEFAULT '');"),
        ],
    )


def _pairs() -> Shape:
    one, two, three, four = a_password(), a_password(16), chance(20), a_password(14)
    return Shape(
        [
            ("a.py", f"requests.get(url, auth=HTTPBasicAuth('deploy', '{one}'))", one),
            ("a.py", f"requests.get(url, auth=('deploy', '{two}'))", two),
            ("A.cs", f'client.Credentials = new NetworkCredential("deploy", "{three}");', three),
            ("a.go", f'smtp.PlainAuth("", "deploy", "{four}", host)', four),
        ],
        [
            ("a.py", "requests.get(url, auth=('user', 'pass'))"),
            ("a.py", "requests.get(url, auth=('deploy', '${PASSWORD}'))"),
            ("a.py", f"pair = ('deploy', '{one}')"),
        ],
    )


def _secure_strings() -> Shape:
    one, two, three = a_password(), a_password(16), chance(20)
    return Shape(
        [
            ("a.ps1", f'ConvertTo-SecureString "{one}" -AsPlainText -Force', one),
            ("a.ps1", f"$x = convertto-securestring -String '{two}' -AsPlainText", two),
            ("a.ps1", f"ConvertTo-SecureString -AsPlainText -Force '{three}'", three),
        ],
        [
            ("a.ps1", 'ConvertTo-SecureString "$plain" -AsPlainText -Force'),
            ("a.ps1", "ConvertTo-SecureString $plain -AsPlainText -Force"),
            ("a.ps1", 'ConvertTo-SecureString "<password>" -AsPlainText'),
        ],
    )


def _commands() -> Shape:
    one, two, three, four = a_password(), a_password(16), chance(20), a_password(14)
    return Shape(
        [
            ("a.sh", f"sshpass -p '{one}' ssh deploy@10.0.0.7", one),
            ("a.sh", f"mysql -h db -u root -p{two} shop < a.sql", two),
            ("a.yml", f"  - docker login -u deploy -p {three} r.corp.io", three),
            ("a.sh", f"redis-cli -h cache -a {four} ping", four),
        ],
        [
            ("a.sh", 'sshpass -p "$PASSWORD" ssh deploy@10.0.0.7'),
            ("a.sh", "mysql -u root -p shop < a.sql"),
            ("a.sh", "mkdir -p build/output9/x"),
            ("a.sh", "docker login -u deploy --password-stdin r.corp.io"),
        ],
    )


def _dsns() -> Shape:
    one, two, three = a_password(), a_password(16), chance(20)
    return Shape(
        [
            ("a.go", f'dsn := "host=db.corp.io user=app password={one} dbname=shop"', one),
            ("a.py", f"connect('dbname=shop user=app password={two}')", two),
            ("a.go", f'sql.Open("mysql", "app:{three}@tcp(10.0.0.7:3306)/shop")', three),
        ],
        [
            ("a.go", '"host=db.corp.io user=app password=%s dbname=shop"'),
            ("a.go", '"host=db.corp.io user=app password= dbname=shop"'),
            ("a.go", '"app:${PW}@tcp(db:3306)/shop"'),
        ],
    )


def _password_first() -> Shape:
    one, two, three = a_password(), a_password(16), chance(20)
    return Shape(
        [
            ("", f'"Password={one};Server=shop.corp.io;Database=shop"', one),
            ("", f"Pwd={two};Uid=app;Server=db", two),
            ("", f"PASSWORD={three};Persist Security Info=True;User ID=app;Data Source=db", three),
        ],
        [
            ("", "Password=${PASSWORD};Server=db"),
            ("", "Password=;Server=db"),
            ("", f"Password={one};Colour=blue;"),
        ],
    )


def _headers() -> Shape:
    one, two, three = "q7" + chance(30), "q7" + chance(38), "q7" + chance(22)
    return Shape(
        [
            ("a.sh", f"curl -H 'X-Api-Key: {one}' https://corp.io", one),
            ("a.http", f"GET / HTTP/1.1\r\nPRIVATE-TOKEN: {two}\r\n", two),
            ("a.py", f'headers = ["x-corp-auth-token: {three}"]', three),
        ],
        [
            ("a.sh", "curl -H 'X-Api-Key: $KEY' https://corp.io"),
            ("a.sh", "curl -H 'X-Api-Key: your-api-key-goes-here1' https://corp.io"),
            ("a.http", f"X-Request-Id: {one}\r\n"),
        ],
    )


def _xml_secrets() -> Shape:
    one, two, three = "q7" + chance(30), "q7" + chance(38), "q7" + chance(22)
    return Shape(
        [
            ("a.xml", f"<clientSecret>{one}</clientSecret>", one),
            ("strings.xml", f'<string name="maps_api_key">{two}</string>', two),
            ("Info.plist", f"<key>CorpToken</key>\n\t<string>{three}</string>", three),
        ],
        [
            ("a.xml", "<clientSecret>${env.SECRET_NUMBER_2}</clientSecret>"),
            ("a.xml", f"<description>{one}</description>"),
            ("a.xml", f"<publicKey>{one}</publicKey>"),
        ],
    )


def _options() -> Shape:
    one, two, three = a_password(), "q7" + chance(30), a_password(16)
    return Shape(
        [
            ("a.sh", f"tool deploy --password {one} --verbose", one),
            ("a.py", f'run(["tool", "--api-token", "{two}"])', two),
            ("a.yml", f"  script: tool --db-password {three}", three),
        ],
        [
            ("a.sh", "tool deploy --password $PASSWORD"),
            ("a.sh", "tool deploy --token TOKEN [--password PASSWORD]"),
            ("a.sh", "tool deploy --password-file /run/secrets/db2"),
        ],
    )


def _instructions() -> Shape:
    one, two, three = a_password(), "q7" + chance(30), a_password(16)
    return Shape(
        [
            ("Dockerfile", f"FROM a\nENV DB_PASSWORD {one}\n", one),
            ("Dockerfile", f'ARG API_KEY "{two}"\n', two),
            ("a.csh", f"setenv ADMIN_PASSWORD {three}\n", three),
        ],
        [
            ("Dockerfile", "ENV DB_PASSWORD ${DB_PASSWORD}\n"),
            ("Dockerfile", "ENV DB_PASSWORD changeme\n"),
            ("Dockerfile", f"ENV DB_HOST {one}\n"),
        ],
    )


PLACED = {
    "command-password": _commands(),
    "connection-string-password-first": _password_first(),
    "credential-pair": _pairs(),
    "docker-config-auth": _docker(),
    "dsn-password": _dsns(),
    "generic-password-flag": _options(),
    "generic-password-instruction": _instructions(),
    "generic-secret-xml": _xml_secrets(),
    "http-header-key": _headers(),
    "netrc-password": _netrc(),
    "npmrc-credential": _npmrc(),
    "pgpass-password": _pgpass(),
    "secure-string": _secure_strings(),
    "sql-password": _sql(),
    "wordpress-salt": _salts(),
}
