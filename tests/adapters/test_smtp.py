"""A shop's own mail server: what it gets, what it is never given, and what it may do to us."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.adapters import smtp
from app.adapters.mail_message import Letterhead, mail_of, message_id
from app.adapters.smtp import SmtpMailer
from app.domain.mail_server import MailServer
from app.domain.mailer import MailState
from app.domain.posting import Attachment, Posting
from app.errors import KikubariError, MailServerRefused, NotPosted
from tests.certificates import self_signed
from tests.smtp_server import SmtpServer, smtp_server

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
HEAD = Letterhead("key", "hello@tea.example", "Teeladen 茶", "help@tea.example", "Teeladen GmbH")
POSTING = Posting(
    order_id=1,
    text='Your order 1 is late.\n\n<a href="https://k.example/o/1?a=1&amp;b=2">See &amp; choose</a>'
    "\n\nPlease mention KK-AAAA2222.",
    references=("KK-AAAA2222",),
    order_ids=(1,),
    subject="News about your order 1",
    heading="News about your order",
    language="en-GB",
    voice="formal",
    address="ann@customer.example",
    first_name="Ann",
    last_name="Bee",
    is_unasked=True,
)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For the server, and for a client that trusts it."""
    made = self_signed(tmp_path_factory.mktemp("tls"))
    trusting = ssl.create_default_context(cafile=str(made.path))
    return made.serving(), trusting


@pytest.fixture
def server(certificates: tuple[ssl.SSLContext, ssl.SSLContext]) -> Iterator[SmtpServer]:
    with smtp_server(certificates[0]) as running:
        yield running


class Moment:
    """Counts how often it was said that a mail is about to leave."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def mailer(
    server: SmtpServer,
    certificates: tuple[ssl.SSLContext, ssl.SSLContext] | None,
    *,
    password: str = "a-password",
    private_allowed: bool = True,
    **values: object,
) -> SmtpMailer:
    settings = {"host": "127.0.0.1", "port": server.port, "user": "tea"} | values
    return SmtpMailer(
        MailServer.model_validate(settings | {"from_address": HEAD.from_address}),
        password,
        HEAD,
        private_allowed=private_allowed,
        clock=lambda: NOW,
        tls=certificates[1] if certificates else None,
    )


def test_a_mail_arrives_over_starttls(server: SmtpServer, certificates: tuple) -> None:
    about_to = Moment()
    outcome = mailer(server, certificates).send(POSTING, about_to)
    assert outcome.fate is MailState.MAILED and about_to.times == 1
    (arrived,) = server.arrived
    assert arrived.was_secured and arrived.sender == HEAD.from_address
    assert arrived.recipient == POSTING.address
    mail = arrived.mail
    assert str(mail["From"]) == "Teeladen 茶 <hello@tea.example>"
    assert mail["Reply-To"] == "help@tea.example" and mail["Subject"] == "News about your order 1"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == message_id(HEAD, POSTING) and "KK-AAAA2222" in mail["Message-ID"]
    assert mail["List-Unsubscribe"] == "<https://k.example/o/1?a=1&b=2>"
    assert mail["List-Unsubscribe-Post"] is None, "the page asks first, so one click is no promise"
    assert "See & choose:\nhttps://k.example/o/1?a=1&b=2" in arrived.part("plain").replace("\r", "")
    html = arrived.part("html")
    assert 'lang="en"' in html and 'dir="ltr"' in html and 'href="https://k.example/o/1?' in html
    assert "Ann Bee," in html and "<script" not in html and "<img" not in html


def test_tls_from_the_first_byte(certificates: tuple) -> None:
    with smtp_server(certificates[0], at_once=True) as server:
        outcome = mailer(server, certificates, security="tls").send(POSTING, Moment())
        assert outcome.fate is MailState.MAILED and server.arrived[0].was_secured


@pytest.mark.parametrize(
    ("language", "direction", "start", "name"),
    [
        ("ar-KW", "rtl", "right", "Ann Bee،"),
        ("he-IL", "rtl", "right", "Ann Bee,"),
        ("ja-JP", "ltr", "left", "Bee Ann 様"),
        ("de-AT", "ltr", "left", "Ann Bee,"),
    ],
)
def test_a_mail_reads_in_the_direction_of_its_language(
    language: str, direction: str, start: str, name: str
) -> None:
    mail = mail_of(HEAD, replace(POSTING, language=language), NOW)
    body = mail.get_body(("html",))
    assert body is not None
    html = body.get_content()
    assert f'lang="{language[:2]}" dir="{direction}"' in html and f"text-align:{start}" in html
    assert name in html and mail["Content-Language"] == language


def test_a_document_goes_along(server: SmtpServer, certificates: tuple) -> None:
    files = (Attachment("2026-00001.pdf", b"%PDF-1.7 \x00\xff"),)
    posting = replace(POSTING, attachments=files, is_unasked=False)
    mailer(server, certificates).send(posting, Moment())
    (arrived,) = server.arrived
    (file,) = arrived.mail.iter_attachments()
    assert file.get_filename() == "2026-00001.pdf" and file.get_content_type() == "application/pdf"
    assert file.get_content() == files[0].data
    assert arrived.mail["List-Unsubscribe"] is None


@pytest.mark.parametrize(
    "address",
    [
        "ann@customer.example\r\nBcc: all@customer.example",
        "ann@customer.example, bob@customer.example",
        "<ann@customer.example> SIZE=1",
        "no address",
        "ann@",
        "@customer.example",
        "änn@customer.example",
        "",
    ],
)
def test_no_address_becomes_more_than_one_recipient(
    server: SmtpServer, certificates: tuple, address: str
) -> None:
    outcome = mailer(server, certificates).send(replace(POSTING, address=address), Moment())
    assert outcome.fate is MailState.FAILED and not server.arrived


def test_names_cannot_add_headers_or_markup() -> None:
    evil = "Ann\r\nBcc: all@customer.example\r\n\r\n<script>"
    head = Letterhead("key", HEAD.from_address, evil, "", evil)
    mail = mail_of(head, replace(POSTING, first_name=evil, subject=evil, heading=evil), NOW)
    assert mail["Bcc"] is None and "\nBcc" not in mail.as_string().partition("\n\n")[0]
    body = mail.get_body(("html",))
    assert body is not None and "<script" not in body.get_content()


def test_a_name_opens_no_page() -> None:
    """Anybody can order with somebody else's address, and write into the name what they like."""
    named = replace(POSTING, first_name="Win https://evil.example/x", last_name="at evil.example")
    mail = mail_of(HEAD, named, NOW)
    bodies = [mail.get_body((kind,)) for kind in ("plain", "html")]
    texts = [body.get_content() for body in bodies if body is not None]
    assert len(texts) == 2 and all("Win … at evil. example" in text for text in texts)
    assert not any("evil.example" in text for text in texts)


def test_a_host_in_other_letters_is_written_to(server: SmtpServer, certificates: tuple) -> None:
    mailer(server, certificates).send(replace(POSTING, address="a@käse.example"), Moment())
    assert server.arrived[0].recipient == "a@xn--kse-qla.example"


# what certainly did not leave


@pytest.mark.parametrize(
    ("verb", "answer", "error"),
    [
        ("CONNECT", b"421 later", NotPosted),
        ("MAIL", b"451 later", NotPosted),
        ("MAIL", b"550 not you", MailServerRefused),
        ("RCPT", b"450 mailbox busy", NotPosted),
        ("AUTH", b"535 wrong", MailServerRefused),
        ("AUTH", b"454 later", NotPosted),
        ("STARTTLS", b"454 not now", NotPosted),
    ],
)
def test_what_is_refused_before_it_leaves_is_certain(
    server: SmtpServer, certificates: tuple, verb: str, answer: bytes, error: type
) -> None:
    server.does.answers[verb] = answer
    about_to = Moment()
    with pytest.raises(error) as told:
        mailer(server, certificates).send(POSTING, about_to)
    assert about_to.times == 0 and not server.arrived
    assert (told.value.retry is None) is (error is MailServerRefused)


def test_a_recipient_that_is_refused_is_told_to_staff(
    server: SmtpServer, certificates: tuple
) -> None:
    server.does.answers["RCPT"] = b"550 5.1.1 no such user"
    about_to = Moment()
    outcome = mailer(server, certificates).send(POSTING, about_to)
    assert outcome.fate is MailState.FAILED and "no such user" in outcome.said
    assert about_to.times == 0


@pytest.mark.parametrize(("verb", "answer"), [("DATA", b"451 later"), ("TAKEN", b"452 too full")])
def test_a_mail_that_was_put_off_is_tried_again(
    server: SmtpServer, certificates: tuple, verb: str, answer: bytes
) -> None:
    server.does.answers[verb] = answer
    with pytest.raises(NotPosted):
        mailer(server, certificates).send(POSTING, Moment())


@pytest.mark.parametrize(
    ("verb", "answer"), [("DATA", b"554 no"), ("TAKEN", b"550 5.7.1 looks like spam")]
)
def test_a_mail_that_is_refused_for_good_failed(
    server: SmtpServer, certificates: tuple, verb: str, answer: bytes
) -> None:
    server.does.answers[verb] = answer
    assert mailer(server, certificates).send(POSTING, Moment()).fate is MailState.FAILED


@pytest.mark.parametrize("kept", [True, False])
def test_a_server_that_dies_after_the_mail_leaves_it_unknown(
    server: SmtpServer, certificates: tuple, kept: bool
) -> None:
    server.does.dies_after_data, server.does.keeps_before_dying = True, kept
    about_to = Moment()
    outcome = mailer(server, certificates).send(POSTING, about_to)
    assert outcome.fate is MailState.UNKNOWN and about_to.times == 1


def test_nobody_listens(certificates: tuple) -> None:
    with smtp_server() as server:
        port = server
    with pytest.raises(NotPosted):
        mailer(port, certificates).send(POSTING, Moment())


# what is never given away


def test_without_starttls_no_password_and_no_mail_leave(
    server: SmtpServer, certificates: tuple
) -> None:
    server.does.offers_starttls = False
    with pytest.raises(MailServerRefused, match="offers no STARTTLS"):
        mailer(server, certificates).send(POSTING, Moment())
    assert not any(line.startswith((b"AUTH", b"MAIL")) for line in server.seen)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_is_not_trusted_gets_nothing(certificates: tuple, security: str) -> None:
    with smtp_server(certificates[0], at_once=security == "tls") as server:
        with pytest.raises(MailServerRefused, match="certificate is not trusted"):
            mailer(server, None, security=security).send(POSTING, Moment())
        assert not any(line.startswith((b"AUTH", b"MAIL")) for line in server.seen)


def test_an_expired_certificate_gets_nothing(tmp_path: Path) -> None:
    old = self_signed(tmp_path, days=-1)
    trusting = ssl.create_default_context(cafile=str(old.path))
    refused = pytest.raises(MailServerRefused, match="certificate is not trusted")
    with smtp_server(old.serving()) as server, refused:
        mailer(server, (old.serving(), trusting)).send(POSTING, Moment())


def test_inner_networks_are_not_connected_to(server: SmtpServer, certificates: tuple) -> None:
    for host in ("127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "::1"):
        with pytest.raises(MailServerRefused, match="no public address"):
            mailer(server, certificates, private_allowed=False, host=host).check()
    assert server.seen == []


def test_an_unsecured_connection_stays_on_this_machine(
    server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = mailer(server, None, security="none")
    assert ours.send(POSTING, Moment()).fate is MailState.MAILED
    elsewhere = property(lambda self: False, lambda self, value: None)
    monkeypatch.setattr(smtp._Smtp, "is_loopback", elsewhere, raising=False)
    server.seen.clear()
    with pytest.raises(MailServerRefused, match="not on this machine"):
        ours.send(POSTING, Moment())
    assert not any(line.startswith((b"AUTH", b"MAIL")) for line in server.seen)


# a hostile server


@pytest.mark.parametrize(
    "shouts", [b"250-more\r\n", b"250-" + b"x" * 7000 + b"\r\n", b"x" * 9000, b"\r\n"]
)
def test_endless_answers_end(server: SmtpServer, certificates: tuple, shouts: bytes) -> None:
    server.does.shouts = shouts
    begun = time.monotonic()
    with pytest.raises(KikubariError):
        mailer(server, certificates).send(POSTING, Moment())
    assert time.monotonic() - begun < 10


def test_a_server_that_says_nothing_is_left_after_a_while(
    certificates: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "LONGEST_SECONDS", 0.5)
    with smtp_server(certificates[0]) as server:
        server.does.answers["EHLO"] = b"250-"  # and nothing more
        begun = time.monotonic()
        with pytest.raises(NotPosted):
            mailer(server, certificates).send(POSTING, Moment())
        assert time.monotonic() - begun < 5


def test_what_it_says_is_bounded_and_clean(server: SmtpServer, certificates: tuple) -> None:
    server.does.answers["RCPT"] = b"550 " + b"\x1b[31m" * 500
    said = mailer(server, certificates).send(POSTING, Moment()).said
    assert len(said) <= 160 and "\x1b" not in said


def test_no_trouble_tells_the_password(server: SmtpServer, certificates: tuple) -> None:
    with pytest.raises(MailServerRefused) as told:
        mailer(server, certificates, password="s3cret-word").check()
    assert "s3cret-word" not in str(told.value) + told.value.mend
