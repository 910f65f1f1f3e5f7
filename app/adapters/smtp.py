"""A shop's own mail server, over SMTP: certificates checked, inner networks out of reach.

    connect -> STARTTLS -> sign in -> MAIL, RCPT -> [about to] -> DATA -> what the server said

Up to `about to` nothing has left, and that is certain. After it, only the server's own word
counts; where the connection breaks instead, nobody knows.
"""

from __future__ import annotations

import ipaddress
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from app.adapters.mail_message import Letterhead, mail_of, recipient
from app.adapters.outgoing import ForbiddenAddress, checked_addresses, connect
from app.domain.mail_server import MailServer
from app.domain.mailer import MailState
from app.domain.posting import Outcome, Posting
from app.domain.text import clean
from app.errors import MailServerRefused, NotPosted
from app.said import Said

SECONDS = 20.0
"""For each answer of the server."""
LONGEST_SECONDS = 90.0
"""For the whole conversation: a server that sends a byte now and then holds no worker for ever."""
LONGEST_ANSWER = 64 * 1024


class SmtpMailer:
    """Sends a store's messages through its own mail server."""

    def __init__(
        self,
        server: MailServer,
        password: str,
        head: Letterhead,
        *,
        private_allowed: bool,
        clock: Callable[[], datetime],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._password = password
        self._head = head
        self._private_allowed = private_allowed
        self._clock = clock
        self._tls = tls or ssl.create_default_context()

    def check(self) -> None:
        with self._conversation():
            pass

    def send(self, posting: Posting, about_to: Callable[[], None]) -> Outcome:
        try:
            to = recipient(posting.address)
        except ValueError:
            nobody = Said("no mail can be sent to this e-mail address")
            return Outcome(MailState.FAILED, nobody)
        try:
            mail = mail_of(self._head, posting, self._clock())
        except ValueError as error:
            none = Said("no mail can be made of it (%(why)s)", why=_kind(error))
            return Outcome(MailState.FAILED, none)
        with self._conversation() as smtp:
            if (refusal := self._envelope(smtp, to)) is not None:
                return Outcome(MailState.FAILED, refusal)
            about_to()
            outcome = _data(smtp, mail)
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            return outcome

    def _envelope(self, smtp: _Smtp, to: str) -> str | None:
        """Name sender and recipient; why the recipient is refused for good."""
        code, said = smtp.mail(self._head.from_address)
        if 400 <= code < 500:
            raise NotPosted(
                Said("the mail server put the sender off (%(said)s)", said=_words(code, said))
            )
        if code != 250:
            raise MailServerRefused(
                Said("the mail server refuses the sender (%(said)s)", said=_words(code, said)),
                mend=Said("set mail.from_address to an address that it may send from, then retry"),
            )
        code, said = smtp.rcpt(to)
        if code in (250, 251):
            return None
        if code >= 500:
            return _words(code, said)
        raise NotPosted(
            Said("the mail server put the recipient off (%(said)s)", said=_words(code, said))
        )

    @contextmanager
    def _conversation(self) -> Iterator[_Smtp]:
        """A connection that is secured and signed in.

        Raises:
            NotPosted: it cannot be reached, or broke before anything left.
            MailServerRefused: it cannot be used as it is set.
        """
        server = self._server
        kind = _SmtpTls if server.security == "tls" else _Smtp
        hello = self._head.from_address.rpartition("@")[2]
        smtp = kind(self._tls, hello, private_allowed=self._private_allowed)
        try:
            with _deadline(smtp):
                self._open(smtp)
                yield smtp
        except ForbiddenAddress as error:
            raise MailServerRefused(
                Said("mail server %(host)s: %(error)s", host=server.host, error=error.args[0]),
                mend=Said("set ALLOW_PRIVATE_SHOPS=true if it really stands there, then retry"),
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise MailServerRefused(
                Said(
                    "mail server %(host)s: its certificate is not trusted (%(why)s)",
                    host=server.host,
                    why=clean(error.verify_message, 80),
                ),
                mend=Said("renew its certificate, or name it as its certificate does, then retry"),
            ) from None
        except smtplib.SMTPAuthenticationError as error:
            if error.smtp_code < 500:
                raise NotPosted(_trouble(server, error)) from None
            raise MailServerRefused(
                Said(
                    "mail server %(host)s refuses the name or password (%(said)s)",
                    host=server.host,
                    said=_words(error.smtp_code, error.smtp_error),
                ),
                mend=Said("give the password again with `store smtp`, then retry"),
            ) from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotPosted(_trouble(server, error)) from None
        finally:
            smtp.close()

    def _open(self, smtp: _Smtp) -> None:
        server = self._server
        code, said = smtp.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
        smtp.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            if not smtp.has_extn("starttls"):
                raise MailServerRefused(
                    Said(
                        "mail server %(host)s offers no STARTTLS on port %(port)s",
                        host=server.host,
                        port=server.port,
                    ),
                    mend=Said("set mail.security to tls and its port (465), or ask its operator"),
                )
            smtp.starttls(context=self._tls)
            smtp.ehlo()
        elif server.security == "none" and not smtp.is_loopback:
            raise MailServerRefused(
                Said(
                    "mail server %(host)s is not on this machine, and its connection would not be "
                    "secured",
                    host=server.host,
                ),
                mend=Said("set mail.security to starttls or tls, then retry"),
            )
        if server.user:
            try:
                smtp.login(server.user, self._password)
            except smtplib.SMTPNotSupportedError:
                raise MailServerRefused(
                    Said("mail server %(host)s offers no way to sign in", host=server.host),
                    mend=Said(
                        "empty mail.user if it needs none, or use its port for sending (587)"
                    ),
                ) from None


def _data(smtp: _Smtp, mail: EmailMessage) -> Outcome:
    """Hand over the mail; from here on a broken connection proves nothing."""
    try:
        code, said = smtp.data(mail.as_bytes())
    except smtplib.SMTPDataError as error:  # refused before its first byte
        code, said = error.smtp_code, error.smtp_error
    except (OSError, smtplib.SMTPException) as error:
        broke = Said("the connection broke while sending: %(why)s", why=_kind(error))
        return Outcome(MailState.UNKNOWN, broke)
    if code == 250:
        return Outcome(MailState.MAILED, _words(code, said))
    if code >= 500:
        return Outcome(MailState.FAILED, _words(code, said))
    raise NotPosted(Said("the mail server put the mail off (%(said)s)", said=_words(code, said)))


class _Bounded:
    """The server's answers, of which none may be endless."""

    def __init__(self, file: Any) -> None:
        self._file, self._left = file, LONGEST_ANSWER

    def begin(self) -> None:
        self._left = LONGEST_ANSWER

    def readline(self, limit: int = -1) -> bytes:
        line: bytes = self._file.readline(limit)
        self._left -= len(line)
        if self._left < 0:
            raise OSError(Said("its answer does not end"))
        return line

    def close(self) -> None:
        self._file.close()


class _Smtp(smtplib.SMTP):
    """smtplib's client, on an address that was checked in the same breath."""

    is_secured_at_once = False

    def __init__(self, tls: ssl.SSLContext, hello: str, *, private_allowed: bool) -> None:
        super().__init__(timeout=SECONDS, local_hostname=hello)
        self._tls, self._private_allowed = tls, private_allowed
        self.is_loopback = False

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> Any:
        self._host = host  # the name that its certificate is asked for
        return super().connect(host, port, source_address)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made = self._plain_socket(host, port, timeout)
        peer = ipaddress.ip_address(str(made.getpeername()[0]).partition("%")[0])
        self.is_loopback = peer.is_loopback
        if self.is_secured_at_once:
            return self._tls.wrap_socket(made, server_hostname=host)
        return made

    def _plain_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        if self._private_allowed:
            return socket.create_connection((host, port), timeout)
        return connect(checked_addresses(host, port), port, timeout)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Bounded(self.sock.makefile("rb"))
        if self.file is not None:
            self.file.begin()
        return super().getreply()


class _SmtpTls(_Smtp):
    is_secured_at_once = True


@contextmanager
def _deadline(smtp: _Smtp) -> Iterator[None]:
    """End the conversation after so many seconds, wherever it is by then."""

    def end() -> None:
        made = smtp.sock
        if made is not None:
            with suppress(OSError):
                made.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(LONGEST_SECONDS, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _words(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return clean(f"{code} {text}", 160)


def _trouble(server: MailServer, error: Exception) -> Said:
    if isinstance(error, smtplib.SMTPResponseException):
        said = _words(error.smtp_code, error.smtp_error)
        return Said(
            "mail server %(host)s does not take mail now (%(said)s)", host=server.host, said=said
        )
    return Said("mail server %(host)s did not answer (%(why)s)", host=server.host, why=_kind(error))


def _kind(error: Exception) -> str:
    if error.args and isinstance(error.args[0], Said):
        return error.args[0]
    return clean(str(error), 80) or type(error).__name__
