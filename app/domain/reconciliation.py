"""What to ask a shop for, and what its answers mean. Webhooks get lost and are never sent again.

`modified_after` is asked as naive UTC with `dates_are_gmt=true` (`Z` together with the flag finds
nothing) and is exclusive, so every question overlaps the last one by a second (recordings, 15).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.domain.money import to_decimal
from app.domain.order import as_kept, read_order
from app.errors import PayloadUnusable

PAGE = 100
OVERLAP = timedelta(seconds=1)
TOPICS = ("order.created", "order.updated", "order.deleted", "order.restored")
NIGHT_HOURS = range(0, 6)
SLOW_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Question:
    """A page of orders changed after a moment (exclusive), oldest change first."""

    after: datetime
    page: int = 1


def first_question(watermark: datetime) -> Question:
    """Where to begin: a second before the newest change that was seen."""
    return Question(watermark - OVERLAP)


def next_question(asked: Question, changes: Sequence[datetime]) -> Question | None:
    """The question after an answered one; None where the answer was the last page.

    The next page begins at the last change seen, not at the next page number: an order that
    changes meanwhile moves to the end, and page numbers would then skip one. Only where a whole
    page shares one second (a bulk edit) does the page number go on.
    """
    if len(changes) < PAGE:
        return None
    moved = Question(changes[-1] - OVERLAP)
    return moved if moved.after > asked.after else Question(asked.after, asked.page + 1)


def changed_at(row: Mapping[str, Any]) -> datetime | None:
    """`date_modified_gmt` of a listed order, in UTC."""
    value = row.get("date_modified_gmt")
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def is_known(listed: Mapping[str, Any], known: Mapping[str, Any] | None) -> bool:
    """Whether a listed order says nothing that is not known.

    Amounts count as equal where they agree in the decimals that the list gives: what is known
    may have been read with more.
    """
    if known is None:
        return False
    digits = min(6, len(str(listed.get("total", "")).partition(".")[2]))
    try:
        one, other = read_order(as_kept(dict(listed))), read_order(dict(known))
        return bool(_rounded(one.model_dump(), digits) == _rounded(other.model_dump(), digits))
    except (PayloadUnusable, ArithmeticError, RecursionError):
        return False  # what cannot be compared is news


def _rounded(value: Any, digits: int, key: str = "") -> Any:
    """The same value with its amounts in `digits` decimals, halves away from zero."""
    if isinstance(value, dict):
        return {name: _rounded(item, digits, name) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item, digits, key) for item in value]
    if isinstance(value, str) and key in ("total", "subtotal"):
        value = to_decimal(value)
    if isinstance(value, Decimal):
        return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return value


def content_key(payload: Mapping[str, Any], known_since: datetime | None) -> str:
    """What makes two readings of an order the same delivery: the same content, found while we
    knew the same. (An order can come back to an earlier content; then it is news again.)"""
    kept = {key: value for key, value in payload.items() if key != "_links"}
    kept["known_since"] = known_since.isoformat() if known_since else ""
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def poll_pause(base_seconds: float, local_hour: int, answer_seconds: float) -> float:
    """Seconds until the next light poll: longer at night and where the shop answers slowly."""
    night = 3.0 if local_hour in NIGHT_HOURS else 1.0
    slow = 3.0 if answer_seconds > SLOW_SECONDS else 1.0
    return base_seconds * night * slow


@dataclass(frozen=True, slots=True)
class WebhookPlan:
    """What to do so that every topic has one active webhook with our address."""

    create: tuple[str, ...]
    delete: tuple[int, ...]


def plan_webhooks(
    webhooks: Iterable[Mapping[str, Any]], address: str, topics: Sequence[str] = TOPICS
) -> WebhookPlan:
    """A missing webhook is created; a disabled one is deleted and created anew.

    Setting a disabled one active leaves its count of failures at 6, so that the next failure
    disables it again (recordings, 3). One that the owner paused is left alone, and counts.
    """
    ours = [hook for hook in webhooks if hook.get("delivery_url") == address]
    disabled = [hook for hook in ours if hook.get("status") == "disabled"]
    standing = {str(hook.get("topic")) for hook in ours if hook.get("status") != "disabled"}
    delete = [hook["id"] for hook in disabled if isinstance(hook.get("id"), int)]
    return WebhookPlan(
        create=tuple(topic for topic in topics if topic not in standing), delete=tuple(delete)
    )
