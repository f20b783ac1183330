"""Stand-ins of providers: a proxy that tunnels to none of them, and answers in their place over TLS of its own."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class Said:
    """An answer; `after` holds it back until that is set."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    after: threading.Event | None = None


@dataclass
class Request:
    """A request as it came; `tunnel` is what the proxy was asked to connect to."""

    tunnel: str
    host: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Providers:
    """What stands in for them: `say` makes each answer, `asked` keeps each request."""

    url: str = ""
    certificates: Path = Path()
    say: Callable[[Request], Said] = lambda _request: Said(404)
    asked: list[Request] = field(default_factory=list)


@contextmanager
def serving(folder: Path) -> Iterator[Providers]:
    """Serve until the block ends; `certificates` is the file that makes its TLS trusted."""
    made = Providers(certificates=folder / "ca.pem")
    authority = _Authority(folder)

    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"made": made, "authority": authority}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Takes CONNECT for any host, and answers what comes through the tunnel."""

    made: Providers
    authority: "_Authority"
    protocol_version = "HTTP/1.1"
    tunnel = ""

    def do_CONNECT(self) -> None:
        tunnel = self.path
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.wfile.flush()
        try:
            secured = self.authority.context.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):  # the client does not go on
            self.close_connection = True
            return
        self.connection, self.rfile, self.wfile = secured, secured.makefile("rb"), secured.makefile("wb")
        self.tunnel = tunnel
        self.close_connection = False

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.tunnel, headers.get("host", ""), self.command, self.path, headers, body)
        self.made.asked.append(request)
        said = self.made.say(request)
        if said.after is not None:
            said.after.wait(30)
        content = said.body.encode()
        self.send_response(said.status)
        for name, value in {"Content-Length": str(len(content)), **said.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_DELETE(self) -> None:
        self.answer()

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Keep test output clean."""


class _Authority:
    """Signs a certificate for whatever host a client names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
        made = self._build(self._name, self._key.public_key(), is_authority=True)
        (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.sni_callback = self._choose

    def _choose(self, connection: ssl.SSLObject, host: str | None, _context: ssl.SSLContext) -> None:
        name = host or "nobody.invalid"
        if name not in self._contexts:
            self._contexts[name] = self._made_for(name)
        connection.context = self._contexts[name]

    def _made_for(self, host: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "provider")])
        made = self._build(name, key.public_key(), host=host)
        plain = serialization.NoEncryption()
        secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        both = self._folder / f"{len(self._contexts)}.pem"
        both.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        return context

    def _build(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, host: str = "", is_authority: bool = False
    ) -> x509.Certificate:
        at = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number())
            .not_valid_before(at - timedelta(days=1))
            .not_valid_after(at + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if host:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self._key, hashes.SHA256())
