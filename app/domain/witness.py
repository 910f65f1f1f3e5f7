"""Does the database still know what has happened? Numbers are written down outside it as well.

The witness (a file beside the database) holds whose numbers they are and the highest of each
series. A database that knows less has been put back: what it would number next was used already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.said import Said

SeriesKey = tuple[str, str]
"""A store's key (its unguessable name, which no other store ever gets) and the series."""

WAY_OUT = "python3 run.py db resume"


class Why(StrEnum):
    """What is wrong."""

    RESTORED = "restored"
    """`restore` put a backup back."""
    BEHIND = "behind"
    """The witness knows higher numbers than the database."""
    FOREIGN = "foreign"
    """The witness belongs to another installation's database."""
    UNWITNESSED = "unwitnessed"
    """There are numbers, and no witness of them."""


@dataclass(frozen=True, slots=True)
class Account:
    """What one side knows. `highest`: the highest number of each series that is in use for sure;
    `taken`: the highest that may be, because its transaction began to commit."""

    instance: str
    highest: Mapping[SeriesKey, int] = field(default_factory=dict)
    taken: Mapping[SeriesKey, int] = field(default_factory=dict)

    def top(self, series: SeriesKey) -> int:
        """The highest number that was ever near this series; 0 where there was none."""
        return max(self.highest.get(series, 0), self.taken.get(series, 0))

    @property
    def series(self) -> set[SeriesKey]:
        return {*self.highest, *self.taken}


@dataclass(frozen=True, slots=True)
class Halt:
    """Issuing and sending stand still until the owner has answered."""

    why: Why
    since: datetime
    backup_at: datetime | None = None
    """When the state was saved that the database was put back to, where that is known."""

    def sentence(self) -> Said:
        """What happened and the way out, in one sentence for people, that fits a line."""
        return Said(
            "%(what)s: nothing is numbered or sent until you run `%(command)s`.",
            what=_said(self.why, self.backup_at),
            command=WAY_OUT,
        )


def disagreement(witness: Account | None, database: Account) -> Why | None:
    """Why issuing must stop; None where both sides fit together.

    A number that was taken and is not in the database is no sign: its transaction may have been
    cut off. Only what was in use for sure counts.
    """
    if witness is None:
        return Why.UNWITNESSED if database.highest else None
    if witness.instance != database.instance:
        return Why.FOREIGN if witness.highest or database.highest else None
    behind = (
        number > database.highest.get(series, 0) for series, number in witness.highest.items()
    )
    return Why.BEHIND if any(behind) else None


def _said(why: Why, backup_at: datetime | None) -> Said:
    if why is Why.RESTORED:
        if backup_at is None:
            return Said("A backup was restored")
        return Said("A backup of %(at)s UTC was restored", at=f"{backup_at:%Y-%m-%d %H:%M}")
    return {
        Why.BEHIND: Said("The database is older than its invoices"),
        Why.FOREIGN: Said("The database is another installation's"),
        Why.UNWITNESSED: Said("The record of issued numbers is lost"),
    }[why]
