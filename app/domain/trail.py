"""An entry of the audit trail, as its chain keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.chain import content_hash, written


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """Who did what to which store, when. `what`: the rest, ids and plain words only."""

    position: int
    at: datetime
    who: str
    action: str
    store_id: int | None
    what: dict[str, Any]

    @property
    def number(self) -> str:
        return str(self.position)

    def said(self) -> list[Any]:
        return [
            self.position,
            written(self.at),
            self.who,
            self.action,
            self.store_id,
            content_hash(self.what),
        ]
