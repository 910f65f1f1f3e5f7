"""Messages from `templates/notices`, in the customer's language."""

from __future__ import annotations

from collections.abc import Sequence
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
    locale_of,
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
        `coupon`: as `offer_coupon.CouponWords`."""
        tag = written_tag(language)
        words = _in_words(facts, tag) | {"reference": reference}
        return _note(f"{kind.value}.html", words, tag, voice)

    def compose_several(
        self,
        told: Sequence[tuple[NoticeKind, dict[str, Any]]],
        *,
        language: str,
        references: Sequence[str],
        voice: str = FORMAL,
        coupon: dict[str, str] | None = None,
    ) -> str:
        tag = written_tag(language)
        words = [_in_words(facts, tag) | {"kind": kind.value} for kind, facts in told]
        shared = {name: words[0][name] for name in SHARED if name in words[0]}
        shared |= {"coupon": _coupon(coupon, tag) if coupon else None}
        listed = COMMAS.get(locale_of(tag).language, ", ").join(references)
        return _note("several.html", shared | {"told": words, "reference": listed}, tag, voice)

    def reply(self, facts: dict[str, Any], *, language: str, voice: str = FORMAL) -> str:
        """Plain text: a help desk escapes what it sends."""
        return "\n\n".join(_paragraphs("reply.txt", facts, written_tag(language), voice))


SHARED = ("contact", "all_choices", "shop_name", "first_name", "last_name")
"""Facts that concern the customer, not one order."""

COMMAS = {"ja": "、", "zh": "、", "ar": "، "}
NO_SPACES = ("ja", "zh")
"""Languages that write none between sentences."""


def _in_words(facts: dict[str, Any], tag: str) -> dict[str, Any]:
    words = dict(facts)
    if "words" in words:
        words["paragraphs"] = _written(str(words["words"]))
    for name in ("promised_on", "expected_on"):
        if words.get(name):
            words[name] = format_day(date.fromisoformat(words[name]), tag, "full")
    if "total" in words:
        words["total"] = format_money(
            Decimal(words["total"]), words["currency"], tag, decimals=words["decimals"]
        )
    if words.get("coupon"):
        words["coupon"] = _coupon(words["coupon"], tag)
    return words


LINE = "\u2028"
"""Stands for a line's end within a person's own paragraph, until the template's lines are joined.
The words hold none: controls are taken out."""


def _written(text: str) -> list[str]:
    """Paragraphs of a person's own words; their lines stay lines, as the shop's mail shows them."""
    return [LINE.join(part.split("\n")) for part in text.split("\n\n") if part.strip()]


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


def _note(name: str, words: dict[str, Any], tag: str, voice: str) -> str:
    """Paragraphs of one line each, with a blank line between them."""
    space = "" if locale_of(tag).language in NO_SPACES else " "
    parts = _paragraphs(name, words, tag, voice)
    joined = "\n\n".join(space.join(part.split("\n")) for part in parts)
    return joined.replace(LINE, "\n")


def _paragraphs(name: str, words: dict[str, Any], tag: str, voice: str) -> list[str]:
    text = environment(FOLDER, tag, voice).get_template(name).render(words)
    return [part for part in map(str.strip, text.split("\n\n")) if part]
