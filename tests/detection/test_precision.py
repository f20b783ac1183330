"""Each general cause of false alarms is dropped or doubted; what must be found beside it still is."""

from __future__ import annotations

import base64
from functools import cache

import pytest
from tests.detection.shapes import a_password, chance

from picket.detection import Engine, Hit, default_ruleset
from picket.detection.paths import kind_of_path

ONE = a_password()
HEX = "3f9c27ab81d04e56"
TOKEN = "q7" + chance(30)
UMLAUTS = f"Zürich-{4711}-Öl"


@cache
def engine() -> Engine:
    return Engine(default_ruleset())


def likely(text: str, path: str = "") -> list[Hit]:
    return [hit for hit in engine().scan(text.encode(), path) if hit.confidence > 0.5]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("a.js", 'passwordHint: "パスワードを忘れた場合"', id="script without spaces"),
        pytest.param("a.ini", "password_helper=Lăsați\n", id="a word with a letter of its own"),
        pytest.param("a.yml", 'password: "\\U00010450\\U00010468\\U0001045B"', id="letters in escapes"),
        pytest.param("config/locales/br.yml", f'password: "{ONE}"', id="file of translations"),
        pytest.param("a.php", "'password' => 'required|string|min:6|confirmed',", id="rules of validation"),
        pytest.param("a.js", 'label("password:"),q?b.make("code",null," ** ")', id="between strings"),
        pytest.param("a.sh", 'if test "$mode,$pass" = "prog,link"; then', id="list of words"),
        pytest.param("a.rb", 'match "/reset_password" => "login#reset_it"', id="method of a class"),
        pytest.param("a.json", '"password-strength-test": "someone/strength-test#~1.3.0"', id="package"),
        pytest.param("a.py", "'PW': '202.124.224.0/20',", id="addresses of a country"),
        pytest.param("a.go", "options.Password = &form.Password\n", id="address of a variable"),
        pytest.param("a.py", "Redis(host=url.hostname, password=url.password)", id="argument of a call"),
        pytest.param("a.yml", "password: @@DATABASE_PASSWORD@@\n", id="template"),
        pytest.param("a.py", "status_enhanced = statusEnhanced = 'application/vnd.thing1+json'", id="inside a word"),
        pytest.param("a.ini", "PASSWORD_HASH_ALGORITHM = PBKDF2-HMAC-SHA512\n", id="algorithm"),
        pytest.param("a.py", f"password='pbkdf2_sha256$260000$abcdef${HEX * 2}'", id="hash of Django"),
        pytest.param("a.yml", f"password: {base64.b64encode(b'super-secret-password').decode()}\n", id="encoded words"),
        pytest.param("a.csproj", f'<Reference Include="A, PublicKeyToken={HEX}, x=y" />', id="name of an assembly"),
        pytest.param("a.yml", f"checksum/secret: {HEX * 4}\n", id="checksum of a file"),
        pytest.param("a.json", f'"api_key": "EJ[1:{TOKEN}:{TOKEN}:{TOKEN}]"', id="ciphertext"),
        pytest.param("a.json", f'"host_key": "AAAAC3NzaC1lZDI1NTE5AAAAI{TOKEN}"', id="public key"),
        pytest.param("a.yml", "api_key: a1B2c3D4e5F6\n", id="two sequences in turn"),
        pytest.param("a.php", f'"src/weixin_user.php":"{HEX * 2}"', id="digest of a file"),
        pytest.param("seed.sql", f"VALUES (1, 'admin', '$2a$10${chance(53)}');", id="hash of a first account"),
        pytest.param("a.py", f'# a fake one\npassword = "{ONE}"', id="called made up"),
        pytest.param("a.html", f'<script src="//maps.googleapis.com/maps/api/js?key=AIza{chance(35)}">', id="maps"),
        pytest.param("a.js", f'{{apiKey: "AIza{chance(35)}",\n authDomain: "a.firebaseapp.com"}}', id="Firebase"),
        pytest.param("setup.cfg", f"db = mssql+pyodbc://scott:{ONE}@mssql2017:1433/test?x=y\n", id="test database"),
        pytest.param("a.php", '"pgsql:host={$r->host} user={$r->user} password={$r->database_password}"', id="members"),
        pytest.param(
            "a.php", "'auth.password' => 'Illuminate\\\\Auth\\\\PasswordProvider',", id="class in a name space"
        ),
        pytest.param("a.js", 'secret:"\\u0E04\\u0E27\\u0E32\\u0E21",x:1', id="translation in escapes, of a secret"),
        pytest.param("a.py", 'api_pass = "{0}/part/{1}.x9".format(a, b)', id="format"),
        pytest.param("a.yml", "password: '%env(bool:CHECK_PASSWORDS)%'\n", id="parameter"),
        pytest.param("a.py", f'RECAPTCHA_KEY = "6Le{chance(37)}"', id="key of a site"),
        pytest.param("a.php", f"renameIndex('access_tokens', 'idx_{HEX}');", id="index"),
        pytest.param("a.css", "input[type=password]:focus.invalid+label:after", id="selector"),
        pytest.param("a.py", f'"access_token":"{TOKEN}",\n"token_type":"example",', id="sample of a specification"),
        pytest.param("lib-0.6.2/a.py", f'token = "{TOKEN}"', id="unpacked package"),
        pytest.param("a.sh", "grep --token kubeadm-$MASTER_NAME.log", id="variable of a shell"),
        pytest.param("build/assets/Settings-06M3GRJr.js", f'password:"{ONE}"', id="hashed bundle"),
        pytest.param("a.sh", "hdiutil convert -imagekey zlib-level=9 x.dmg", id="option with a pair"),
    ],
)
def test_what_is_no_secret_is_no_likely_one(path: str, text: str) -> None:
    assert likely(text, path) == []


@pytest.mark.parametrize(
    ("path", "text", "secret"),
    [
        pytest.param("a.yml", f'password: "{ONE}"', ONE, id="beside translations"),
        pytest.param("a.js", f'password: "{UMLAUTS}"', UMLAUTS, id="password with umlauts"),
        pytest.param("a.yml", f"password: {base64.b64encode(ONE.encode()).decode()}\n", "", id="encoded password"),
        pytest.param("a.py", f"Redis(host=url.hostname, password='{ONE}')", ONE, id="argument in quotes"),
        pytest.param("a.py", f'key = "AIza{chance(35)}"', "", id="key of Google in code"),
        pytest.param("a.env", f"db=postgres://app:{ONE}@db.corp.net/test_results\n", ONE, id="database of results"),
        pytest.param("shadow", f"root:$2a$10${chance(53)}:19000", "", id="hash that a system reads"),
        pytest.param("a.php", f'"weixin_secret":"{HEX * 2}"', HEX * 2, id="secret by its name"),
        pytest.param("a.py", f'RECAPTCHA_SECRET = "6Le{chance(37)}"', "", id="secret of a site"),
        pytest.param("lang/go/a.go", f'password := "{ONE}"', ONE, id="code of a language"),
        pytest.param("a.yml", f"email: a@example.com\npassword: {ONE}\n", ONE, id="address of an example above"),
    ],
)
def test_what_stands_near_a_false_alarm_is_found(path: str, text: str, secret: str) -> None:
    assert any(not secret or hit.secret.decode() == secret for hit in likely(text, path))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("accounts/tests.py", "test"),
        ("src/Shop.UnitTests/A.cs", "test"),
        ("api-docs/collection.json", "test"),
        ("commands/create_testdata.py", "test"),
        ("public/swagger-ui-bundle.js", "generated"),
        ("packages/Zip.1.9.1/lib/Zip.xml", "generated"),
        ("config/locales/de.yml", "translation"),
        ("conf/locale_ro-RO.ini", "translation"),
        ("web/viewer.ftl", "translation"),
        ("src/lang/python.go", ""),
        ("src/latest.py", ""),
        ("src/languages.py", ""),
    ],
)
def test_paths_of_tests_third_parties_and_translations_are_told(path: str, kind: str) -> None:
    assert kind_of_path(path) == kind
