"""Whether the words about delays helped: what customers said of them, and what followed.

    what was said to one customer -> the word that is asked about
    answers, orders with delays   -> Helping          (counts, and a share of enough of them)

What this does not prove: that the words are why. Everybody who can be told is told, so nobody is
left to compare with; who rates chose to; and whoever was told after the promised day had passed
waited longer as well, which alone makes people ask and cancel. It says what followed, not why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from app.domain.mailer import MailState
from app.domain.notice import ABOUT_DELAY, NoticeKind

PERIOD = timedelta(days=90)
"""How far back the owner's measure looks."""
FEWEST = 5
"""Of fewer ratings no share is said: one customer would turn it round."""
ASKED_ABOUT = ABOUT_DELAY | {NoticeKind.CLOSED}
"""Of which words customers are asked whether they helped."""
FOUND_LATE = frozenset({NoticeKind.DELAYED.value, NoticeKind.DELAYED_AGAIN.value})
"""What says that a promise cannot be kept; an early warning may be wrong."""
REALLY_TOLD = frozenset({MailState.MAILED.value, MailState.ACCEPTED.value})
"""How far a message must have come to be asked about: where the mailer failed, or nobody can tell,
the customer may know nothing of it."""


@dataclass(frozen=True, slots=True)
class ToldWord:
    """One word to a customer. `fate`: a `MailState`, or None while it was not tried."""

    message_id: int
    kind: str
    fate: str | None
    sent_at: datetime | None


def word_to_rate(said: Iterable[ToldWord]) -> int | None:
    """The message about which the page asks: the latest about a delay, or its end, that was really
    told. None: there is none."""
    told = [
        (one.sent_at, one.message_id)
        for one in said
        if one.kind in ASKED_ABOUT and one.fate in REALLY_TOLD and one.sent_at is not None
    ]
    return max(told)[1] if told else None


@dataclass(frozen=True, slots=True)
class Delay:
    """An order about which a word of a delay was decided. Days are the shop's.

    `kinds`: of its notices; `ship_by_on`, `promised_on`: what held when the first was decided;
    `shipped_on`: None while it has not left, `is_open`: and is still waited for. `told_on`: when
    the customer was first told, None where no word reached them. `opted_out`, `asked`: whether
    they wanted no more words after that, and what they asked for on their page.
    """

    kinds: frozenset[str]
    ship_by_on: date
    promised_on: date
    shipped_on: date | None = None
    is_open: bool = False
    told_on: date | None = None
    opted_out: bool = False
    asked: frozenset[str] = frozenset()

    def was_late(self, today: date) -> bool:
        """Whether it did not leave by its day, as far as is known now: it may have been found late
        only because nobody had told us that it left. One that was closed without leaving was late
        if it was found so; one that was only warned of does not count."""
        left_on = self.shipped_on or (today if self.is_open else None)
        return bool(self.kinds & FOUND_LATE) if left_on is None else left_on > self.ship_by_on

    @property
    def is_told_in_time(self) -> bool:
        return self.told_on is not None and self.told_on <= self.promised_on


@dataclass(frozen=True, slots=True)
class Followed:
    """Late orders, and of how many of them the customer asked for something on their page
    afterwards, asked to cancel, and wanted no more words."""

    orders: int
    asked: int
    cancels: int
    opted_out: int


@dataclass(frozen=True, slots=True)
class Helping:
    """`told`: messages about delays and their ends; `rated` of them, and `helped` of those.

    `in_time`: late orders whose customers were told before the promised day had passed, in the
    middle `days_early` days before it (0: on that day); `too_late`: after it; `untold`: no word
    reached them (not allowed by the shop's mode, failed, refused, or shipped meanwhile).
    `spared`: orders that were told of and, as far as is known, not late after all; one that has
    neither left nor been closed is not among them, for it may still become late.
    """

    told: int
    rated: int
    helped: int
    in_time: Followed
    too_late: Followed
    untold: int
    spared: int
    days_early: float | None

    @property
    def late(self) -> int:
        """How many orders were late, told of or not."""
        return self.in_time.orders + self.too_late.orders + self.untold

    @property
    def share(self) -> float | None:
        """Of the rated words, how many helped, 0 to 1; None where they are too few to say."""
        return self.helped / self.rated if self.rated >= FEWEST else None


def helping(answers: Sequence[bool | None], delays: Sequence[Delay], today: date) -> Helping:
    """The measure. `answers`: for each message that was told, whether it helped; None where its
    customer did not say. Orders of customers who had opted out before have no word, so they are
    not among the `delays`."""
    late = [one for one in delays if one.was_late(today)]
    told = [one for one in late if one.told_on is not None]
    in_time = [one for one in told if one.is_told_in_time]
    early = [(one.promised_on - one.told_on).days for one in in_time if one.told_on is not None]
    return Helping(
        told=len(answers),
        rated=sum(one is not None for one in answers),
        helped=sum(one is True for one in answers),
        in_time=_followed(in_time),
        too_late=_followed([one for one in told if not one.is_told_in_time]),
        untold=len(late) - len(told),
        spared=sum(
            one.told_on is not None and not one.is_open and not one.was_late(today)
            for one in delays
        ),
        days_early=float(median(early)) if early else None,
    )


def _followed(late: Sequence[Delay]) -> Followed:
    return Followed(
        orders=len(late),
        asked=sum(bool(one.asked) for one in late),
        cancels=sum("cancel" in one.asked for one in late),
        opted_out=sum(one.opted_out for one in late),
    )
