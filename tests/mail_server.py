"""A small SMTP server (RFC 5321) on this machine, for tests: keeps what it is sent, or refuses as told."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Delivery:
    """One mail as it arrived: envelope and bytes."""

    sender: str
    recipients: list[str]
    data: bytes
    login: bool


@dataclass
class MailServer:
    """What was delivered, and what is not.

    ``refuses`` is a command, such as ``RCPT``, or one that ends the connection: ``-DATA``; ``unknown`` an address.
    """

    host: str = "127.0.0.1"
    port: int = 0
    refuses: str = ""
    unknown: str = ""
    extensions: tuple[str, ...] = ("8BITMIME", "AUTH PLAIN")
    deliveries: list[Delivery] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://{self.host}:{self.port}"


class _Session(socketserver.StreamRequestHandler):
    site: MailServer

    def handle(self) -> None:
        delivery = Delivery("", [], b"", login=False)
        self._say("220 test")
        for line in iter(self.rfile.readline, b""):
            verb = line.split(b" ", 1)[0].strip().upper().decode()
            if verb == self.site.refuses or (verb == "RCPT" and f"<{self.site.unknown}>" in line.decode()):
                self._say("550 no")
            elif self.site.refuses == "-" + verb:  # hang up
                return
            elif verb == "EHLO":
                lines = ["test", *self.site.extensions]
                self._say("\r\n".join([f"250-{each}" for each in lines[:-1]] + [f"250 {lines[-1]}"]))
            elif verb == "DATA":
                self._say("354 go on")
                delivery.data = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.site.deliveries.append(delivery)
                self._say("250 taken")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._take(verb, line.decode(), delivery)

    def _take(self, verb: str, line: str, delivery: Delivery) -> None:
        address = line.partition("<")[2].partition(">")[0]
        if verb == "MAIL":
            delivery.sender = address
        elif verb == "RCPT":
            delivery.recipients.append(address)
        elif verb == "AUTH":
            delivery.login = True
            self._say("235 welcome")
            return
        self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def serve_mail(host: str = "127.0.0.1") -> Iterator[MailServer]:
    """Run a server on a free port of this machine."""
    known = MailServer(host)
    handler = type("Session", (_Session,), {"site": known})
    with socketserver.ThreadingTCPServer((host, 0), handler) as server:
        known.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield known
        finally:
            server.shutdown()
            thread.join()
