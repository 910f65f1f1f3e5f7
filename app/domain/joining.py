"""Which words about delays go out together: several orders of one customer, one message.

    the one that leaves + others that are due -> same shop, same address, same language,
    the same yes -> at most MOST_ORDERS orders in one message

Each word is decided alone before it is asked here: what is untrue, waits for a yes or for the
morning joins nobody and stops nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.leaving import SPOKEN_BY_DAY
from app.domain.notice import NoticeKind

MOST_ORDERS = 5
"""In one message. More would not be read; what is over leaves in a further one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that may leave with another. `address`: the customer's, by the shop's fresh word;
    `may_leave`: decided alone, it would leave now; `was_said`: its reference stands in the shop;
    `has_coupon`: one was made for it that nobody was told of yet."""

    message_id: int
    order_id: int
    address: str
    language: str
    kinds: frozenset[NoticeKind]
    is_approved: bool
    may_leave: bool
    was_said: bool = False
    has_coupon: bool = False


def who_joins(lead: Candidate, others: Iterable[Candidate]) -> list[Candidate]:
    """Those of `others` that leave with `lead`, in their order.

    `others` is read no further than needed: each costs a question to the shop.
    """
    company: list[Candidate] = []
    if not _may_have_company(lead):
        return company
    for other in others:
        taken = {lead.order_id, *(one.order_id for one in company)}
        fits = other.order_id not in taken and _one_coupon(lead, *company, other)
        if fits and _goes_with(lead, other):
            company.append(other)
        if len(company) + 1 >= MOST_ORDERS:
            break
    return company


def shows_link(lead_account: int, other_account: int, *, is_private: bool) -> bool:
    """Whether the page of another order may be linked from a message.

    A note stands in the account of the order that carries it, where whoever placed that order
    reads it; anyone can place one with somebody else's address. So the link, which opens the page
    for its holder, is shown where both orders belong to one account (0: a guest has none), or
    where nobody but the address gets the message (`is_private`).
    """
    return is_private or lead_account == other_account != 0


def _may_have_company(lead: Candidate) -> bool:
    return bool(lead.address) and lead.may_leave and not lead.was_said and _is_unasked(lead)


def _goes_with(lead: Candidate, other: Candidate) -> bool:
    return (
        other.may_leave
        and not other.was_said
        and _is_unasked(other)
        and other.address.strip().lower() == lead.address.strip().lower()
        and other.language == lead.language
        and other.is_approved == lead.is_approved
    )


def _one_coupon(*together: Candidate) -> bool:
    """A message tells one coupon: what was made for two is told in two."""
    return sum(one.has_coupon for one in together) <= 1


def _is_unasked(one: Candidate) -> bool:
    """Whether it is about a delay alone: invoices and credit notes stay messages of their own."""
    return bool(one.kinds) and one.kinds <= SPOKEN_BY_DAY
