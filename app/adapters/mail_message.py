"""A message as an e-mail: plain text and HTML that say the same, and files that go with it."""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from markupsafe import Markup

from app.domain.mail_server import MAIL_ADDRESS
from app.domain.notice import safe_words
from app.domain.posting import Posting
from app.domain.text import clean
from app.i18n import customer_texts, environment, is_rtl, locale_of, written_tag

FOLDER = Path(__file__).resolve().parent.parent.parent / "templates" / "mails"
LINK = re.compile(r'<a href="([^"]*)">(.*?)</a>', re.DOTALL)
CODE = re.compile(r"\b(?:KK-[2-9A-Z]{8}|TY(?:-[2-9A-Z]{4}){3})\b")
"""A reference or a coupon's."""
FAMILY_FIRST = ("ja", "ko", "zh")
GREETING_ENDS = {"ja": "", "ko": "", "zh": "：", "ar": "،"}


@dataclass(frozen=True, slots=True)
class Letterhead:
    """From whom mails of a shop come. `key`: the store's, of which only a hash shows."""

    key: str
    from_address: str
    from_name: str
    reply_to: str
    shop_name: str
    accent: str = "#264B7A"


def mail_of(head: Letterhead, posting: Posting, now: datetime) -> EmailMessage:
    """The whole mail.

    Raises:
        ValueError: the customer's address is none that a mail could be sent to.
    """
    tag = written_tag(posting.language)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(clean(head.from_name, 100), addr_spec=head.from_address)
    mail["To"] = Address(addr_spec=recipient(posting.address))
    mail["Subject"] = clean(posting.subject, 150)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(head, posting)
    if head.reply_to:
        mail["Reply-To"] = Address(addr_spec=head.reply_to)
    mail["Auto-Submitted"] = "auto-generated"
    page = LINK.search(posting.text)
    if posting.is_unasked and page and page[1].startswith("https://"):
        # The page asks before it changes anything, so one click (RFC 8058) is not offered.
        mail["List-Unsubscribe"] = f"<{html.unescape(page[1])}>"
    mail.set_content(plain_text(head, posting, tag), charset="utf-8", cte="base64")
    mail.add_alternative(html_text(head, posting, tag), subtype="html", cte="base64")
    for file in posting.attachments:
        mail.add_attachment(
            file.data, maintype="application", subtype=file.subtype, filename=file.name
        )
    mail["Content-Language"] = tag  # last: what comes later would take it into its first part
    return mail


def message_id(head: Letterhead, posting: Posting) -> str:
    """The same for the same message, so that a repeat can be recognised by whoever gets it."""
    seal = hashlib.sha256(f"{head.key}:{posting.references[0]}".encode()).hexdigest()[:12]
    return f"<{posting.references[0]}.{seal}@{head.from_address.rpartition('@')[2]}>"


def recipient(address: str) -> str:
    """The customer's address as it goes over the wire: a host in other letters in its ASCII form.

    Raises:
        ValueError: it is no address, or one that is not written in ASCII before its @.
    """
    local, _, host = address.strip().rpartition("@")
    spec = f"{local}@{host.encode('idna').decode('ascii')}"
    if MAIL_ADDRESS.fullmatch(spec) is None:
        raise ValueError("no mail can be sent to this e-mail address")
    return spec


def plain_text(head: Letterhead, posting: Posting, tag: str) -> str:
    said = LINK.sub(lambda found: f"{found[2]}:\n{found[1]}", posting.text)
    parts = [_greeting(posting, tag), html.unescape(said), head.shop_name]
    return "\n\n".join(part for part in parts if part) + "\n"


def html_text(head: Letterhead, posting: Posting, tag: str) -> str:
    """The same as HTML. The words are escaped already; codes are kept in one piece, and a person's
    lines stay lines."""
    right_to_left = is_rtl(tag)
    code = r'<bdi style="white-space:nowrap">\g<0></bdi>'
    paragraphs = [
        Markup(CODE.sub(code, part).replace("\n", "<br>\n"))  # noqa: S704
        for part in posting.text.split("\n\n")
    ]
    return (
        environment(FOLDER, tag, posting.voice)
        .get_template("message.html")
        .render(
            lang=locale_of(tag).language,
            direction="rtl" if right_to_left else "ltr",
            start="right" if right_to_left else "left",
            accent=head.accent,
            shop_name=head.shop_name,
            heading=clean(posting.heading, 150),
            greeting=_greeting(posting, tag),
            paragraphs=paragraphs,
        )
    )


def _greeting(posting: Posting, tag: str) -> str:
    """The name as its owner wrote it, but with no address of a page: anybody can order in another
    one's name. No name, no guess."""
    language = locale_of(tag).language
    names = [safe_words(posting.first_name, 60), safe_words(posting.last_name, 60)]
    name = " ".join(filter(None, names[::-1] if language in FAMILY_FIRST else names))
    if not name:
        return ""
    addressed = customer_texts(tag).pgettext("person addressed by name", "%(name)s")
    return addressed % {"name": name} + GREETING_ENDS.get(language, ",")
