"""What the readers share: PHP's lists, bounded text, and a parcel's name and links."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from app.domain.carrier import known_carrier, links
from app.domain.money import to_decimal
from app.domain.parcel import MOST_PARCELS, Parcel, ParcelState, Piece, Source
from app.domain.text import clean

LONGEST_NAME = 100
MOST_PIECES = 500


def entries(value: object, most: int = MOST_PARCELS) -> list[dict[str, Any]]:
    """The objects of a list. PHP sends a list with gaps as an object with numbers for names, and
    some plug-ins store JSON as text; anything else is empty."""
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")) and len(value) < 200_000:
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    if isinstance(value, dict):
        value = list(value.values())
    items = value if isinstance(value, list | tuple) else []
    return [item for item in items if isinstance(item, dict)][:most]


def words(*values: object, limit: int = LONGEST_NAME) -> str:
    """The first of these that is text or a number, cleaned; "" where none is."""
    for value in values:
        is_text = isinstance(value, str | int | float) and not isinstance(value, bool)
        if is_text and (found := clean(value, limit)):
            return found
    return ""


def pieces(rows: Iterable[tuple[object, object]]) -> tuple[Piece, ...]:
    """Pairs of (line id, quantity) that make sense."""
    found = []
    for line, many in rows:
        line_id, quantity = to_decimal(line), to_decimal(many)
        if 0 < line_id < 2**63 and line_id == int(line_id) and 0 < quantity < 10**9:
            found.append(Piece(line_id=int(line_id), quantity=quantity))
    return tuple(found[:MOST_PIECES])


def parcel(
    source: Source,
    *,
    carrier: str = "",
    number: str = "",
    link: str = "",
    state: ParcelState = ParcelState.IN_TRANSIT,
    shipped_at: datetime | None = None,
    ref: str = "",
    **more: Any,
) -> Parcel:
    """A parcel with its carrier recognised and its links chosen."""
    key = known_carrier(carrier, number)
    opens, shown = links(link, key, number)
    return Parcel(
        carrier=carrier,
        carrier_key=key,
        tracking_number=number,
        link=opens,
        untrusted_link=shown,
        state=state,
        shipped_at=shipped_at,
        source=source,
        ref=clean(ref, 60),
        **more,
    )
