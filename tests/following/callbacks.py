"""A program on this machine that subscribes: it speaks TLS, answers as told, and keeps what it was sent."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pledge.following.outside import Outside

PUBLIC = "93.184.215.14"
"""An address of a public machine; no test connects to it."""


@dataclass
class Request:
    """What arrived: method, path with query, headers in lower case, body."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)


Answer = Callable[[Request], tuple[int, bytes, dict[str, str]]]


def confirming(request: Request) -> tuple[int, bytes, dict[str, str]]:
    """Confirm whatever is asked, and take whatever is posted."""
    return 200, request.query.get("hub.challenge", [""])[0].encode(), {}


@dataclass
class Callback:
    """A running program.

    ``resolved`` and ``connected`` keep which hosts were looked up, and to which addresses connections were wanted;
    ``addresses`` are those of any host. ``raw``, where set, is sent as it is in place of an answer.
    """

    port: int
    trust: ssl.SSLContext
    answer: Answer = confirming
    raw: Callable[[socket.socket], None] | None = None
    addresses: list[str] = field(default_factory=lambda: [PUBLIC])
    requests: list[Request] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)

    def resolve(self, host: str) -> list[str]:
        self.resolved.append(host)
        return list(self.addresses)

    def connect(self, address: str, host: str, seconds: float) -> ssl.SSLSocket:
        self.connected.append(address)
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=seconds)
        return self.trust.wrap_socket(plain, server_hostname=host)

    def outside(self, seconds: float = 5.0) -> Outside:
        return Outside(self.resolve, self.connect, seconds)

    def sent(self, method: str) -> list[Request]:
        return [request for request in self.requests if request.method == method]


class _Handler(BaseHTTPRequestHandler):
    program: Callback

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        self.program.requests.append(request)
        if self.program.raw is not None:
            self.program.raw(self.connection)
            self.close_connection = True
            return
        status, said, more = self.program.answer(request)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(said)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_GET  # noqa: N815  # the name that the server calls

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of who hung up."""


@contextmanager
def serve_callback(*names: str) -> Iterator[Callback]:
    """Run a program that shows a certificate for some host names."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "certificate.pem"
        path.write_bytes(_certificate(names))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        trust = ssl.create_default_context(cafile=str(path))
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {}))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    program = Callback(server.server_address[1], trust)
    server.RequestHandlerClass.program = program  # type: ignore[attr-defined]  # the type made above
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield program
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _certificate(names: tuple[str, ...]) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.public_bytes(serialization.Encoding.PEM)
