"""Messages from `templates/notices`, in the customer's language."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.domain.notice import NoticeKind
from app.i18n import (
    FORMAL,
    environment,
    format_day,
    format_money,
    format_percent,
    written_tag,
)

FOLDER = Path(__file__).resolve().parent.parent.parent / "templates" / "notices"


class TemplateWording:
    """Fills the template of a kind of notice. Every fact is escaped: the shop's mail is HTML and
    escapes nothing (recordings, 21)."""

    def compose(
        self,
        kind: NoticeKind,
        facts: dict[str, Any],
        *,
        language: str,
        reference: str,
        voice: str = FORMAL,
    ) -> str:
        """`language` is a BCP 47 tag; days in `facts` are ISO text, amounts decimal text;
        `coupon`: as `offer_coupon.CouponFacts`."""
        tag = written_tag(language)
        words = dict(facts, reference=reference)
        for name in ("promised_on", "expected_on"):
            if words.get(name):
                words[name] = format_day(date.fromisoformat(words[name]), tag, "full")
        if "total" in words:
            words["total"] = format_money(
                Decimal(words["total"]), words["currency"], tag, decimals=words["decimals"]
            )
        if words.get("coupon"):
            words["coupon"] = _coupon(words["coupon"], tag)
        return _paragraphs(tag, voice, f"{kind.value}.html", words)

    def reply(self, facts: dict[str, Any], *, language: str, voice: str = FORMAL) -> str:
        """Plain text: a help desk escapes what it sends."""
        return _paragraphs(written_tag(language), voice, "reply.txt", facts)


def _paragraphs(tag: str, voice: str, name: str, words: dict[str, Any]) -> str:
    text = environment(FOLDER, tag, voice).get_template(name).render(words)
    return "\n\n".join(part for part in map(str.strip, text.split("\n\n")) if part)


def _coupon(facts: dict[str, str], tag: str) -> dict[str, str]:
    """What is said of a coupon, as its customer writes amounts and days."""
    amount, currency, minimum = Decimal(facts["amount"]), facts["currency"], facts["minimum"]
    is_share = facts["kind"] == "percent"
    return {
        "code": facts["code"],
        "worth": format_percent(amount, tag) if is_share else format_money(amount, currency, tag),
        "minimum": format_money(Decimal(minimum), currency, tag) if minimum else "",
        "until": format_day(date.fromisoformat(facts["expires_on"]), tag, "long"),
    }
