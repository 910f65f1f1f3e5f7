"""Recompute the chain of the audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.db.audit_trail import head_of, in_order
from app.db.engine import Database
from app.domain.chain import BEGINNING, Break, first_break
from app.domain.trail import TrailEntry


@dataclass(frozen=True, slots=True)
class VerifiedAudit:
    """`entries`: how many were looked at. `sha256`: the newest one's hash; written down elsewhere
    it proves later that nothing before it was made anew. `broken`: the first place that does not
    hold, None where all do."""

    entries: int
    sha256: str
    broken: Break | None


def verify_audit(db: Database) -> VerifiedAudit:
    """Look at every entry of the trail, from its beginning."""
    number, previous = 0, BEGINNING
    strays: list[Break] = []
    with db.read() as session:

        def looked_at() -> Iterator[tuple[TrailEntry, str]]:
            nonlocal number, previous
            for row in in_order(session):
                number += 1
                if row.previous != previous and not strays:
                    why = "it names another one as the one before it"
                    strays.append(Break(row.position, str(row.position), why))
                previous = row.sha256
                yield row.entry, row.sha256

        head = head_of(session)
        broken = first_break(looked_at(), head, "entry")
    found = sorted([*strays, *([broken] if broken else [])], key=lambda one: one.position)
    return VerifiedAudit(number, head[1], found[0] if found else None)
