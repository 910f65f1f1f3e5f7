"""A small mail server on loopback: it does what real ones do, and what they should not."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from ssl import SSLContext
from typing import Any


@dataclass
class Arrived:
    """A mail that it took over: the envelope, and the mail itself."""

    sender: str
    recipient: str
    raw: bytes
    was_secured: bool

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=SMTP)  # type: ignore[arg-type,return-value]

    def part(self, kind: str) -> str:
        """The text of one of its bodies: `plain` or `html`."""
        body = self.mail.get_body((kind,))
        assert body is not None
        return str(body.get_content())


@dataclass
class Behaviour:
    """What it does; each answer is what it says instead of yes. `dies_after_data`: it takes the
    mail or not, and closes without a word; `shouts`: it answers this to EHLO, as it is."""

    offers_starttls: bool = True
    offers_auth: bool = True
    user: str = "tea"
    password: str = "a-password"
    answers: dict[str, bytes] = field(default_factory=dict)
    dies_after_data: bool = False
    keeps_before_dying: bool = True
    shouts: bytes | None = None


class SmtpServer:
    """One thread for each connection. `seen`: every command line, so that tests can see what a
    client gave away."""

    def __init__(self, tls: SSLContext | None, *, at_once: bool = False) -> None:
        self.tls, self._at_once = tls, at_once
        self.does = Behaviour()
        self.arrived: list[Arrived] = []
        self.seen: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._closing = False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._closing = True
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing:
            with suppress(OSError):
                made, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(made,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with suppress(OSError, ValueError):
            if self._at_once and self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            _Conversation(self, connection, secured=self._at_once).run()
        with suppress(OSError):
            connection.close()


class _Conversation:
    def __init__(self, server: SmtpServer, connection: socket.socket, *, secured: bool) -> None:
        self._server, self._secured = server, secured
        self._sender = self._recipient = ""
        self._use(connection)

    def _use(self, connection: Any) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")

    def _say(self, line: bytes) -> None:
        self._connection.sendall(line + b"\r\n")

    def run(self) -> None:
        self._say(self._server.does.answers.get("CONNECT", b"220 mail.example ready"))
        while line := self._file.readline(8192):
            self._server.seen.append(line)
            if not self._obey(line.strip()):
                break
        self._connection.close()

    def _obey(self, line: bytes) -> bool:
        does, verb = self._server.does, line.split()[0].upper().decode() if line.split() else ""
        if verb in does.answers:
            self._say(does.answers[verb])
            return True
        if verb == "EHLO":
            self._greet()
        elif verb == "STARTTLS" and self._server.tls is not None:
            self._say(b"220 go on")
            self._use(self._server.tls.wrap_socket(self._connection, server_side=True))
            self._secured = True
        elif verb == "AUTH":
            self._sign_in(line)
        elif verb == "MAIL":
            self._sender = line.split(b"<")[1].split(b">")[0].decode()
            self._say(b"250 ok")
        elif verb == "RCPT":
            self._recipient = line.split(b"<")[1].split(b">")[0].decode()
            self._say(b"250 ok")
        elif verb == "DATA":
            return self._take()
        else:
            self._say(b"221 bye" if verb == "QUIT" else b"250 ok")
        return verb != "QUIT"

    def _greet(self) -> None:
        does = self._server.does
        if does.shouts is not None:
            with suppress(OSError):
                while True:
                    self._connection.sendall(does.shouts)
        lines = [b"mail.example", b"8BITMIME"]
        lines += [b"STARTTLS"] if does.offers_starttls and not self._secured else []
        lines += [b"AUTH PLAIN"] if does.offers_auth else []
        for one in lines[:-1]:
            self._say(b"250-" + one)
        self._say(b"250 " + lines[-1])

    def _sign_in(self, line: bytes) -> None:
        does = self._server.does
        _, user, password = base64.b64decode(line.split()[2]).split(b"\0")
        good = (user.decode(), password.decode()) == (does.user, does.password)
        self._say(b"235 welcome" if good else b"535 5.7.8 no")

    def _take(self) -> bool:
        does, lines = self._server.does, []
        self._say(b"354 go on")
        while (line := self._file.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        if does.keeps_before_dying or not does.dies_after_data:
            taken = Arrived(self._sender, self._recipient, b"".join(lines), self._secured)
            if "TAKEN" not in does.answers:
                self._server.arrived.append(taken)
        if does.dies_after_data:
            return False
        self._say(does.answers.get("TAKEN", b"250 2.0.0 queued as 42"))
        return True


@contextmanager
def smtp_server(tls: SSLContext | None = None, *, at_once: bool = False) -> Iterator[SmtpServer]:
    """A running one. `at_once`: it speaks TLS from the first byte."""
    server = SmtpServer(tls, at_once=at_once)
    try:
        yield server
    finally:
        server.close()
