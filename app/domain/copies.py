"""A shop that shows up under another address: did it move, or is that a copy?

    sources of deliveries kept apart, the address that the shop gives itself -> questions for the
    owner, one for each address that was not answered about

A copy of a shop's database has its webhooks and secrets: only the address tells (recordings, 26).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.delivery import same_source
from app.domain.text import clean


@dataclass(frozen=True, slots=True)
class Question:
    """An address to be asked about. `deliveries` came from there; `in_answers`: what answers at
    the shop's own address says that it is there."""

    address: str
    deliveries: int = 0
    in_answers: bool = False


def questions(
    shop_url: str, home: str, sources: Mapping[str, int], answered: Iterable[str]
) -> list[Question]:
    """What the owner is to be asked: first about where most deliveries came from.

    `home` is the address that the shop gives itself, empty where it says none; `sources` counts
    deliveries by the address that they name; `answered` are known copies.
    """
    known = [shop_url, *answered]
    found: dict[str, Question] = {}
    for source, number in sorted(sources.items(), key=lambda one: -one[1]):
        address = clean(source, 200).rstrip("/")
        if address and not is_known(address, known):
            known.append(address)
            found[address] = Question(address, number, bool(home) and same_source(home, address))
    if home and not is_known(home, known):
        found[home] = Question(home, 0, in_answers=True)
    return list(found.values())


def is_known(address: str, known: Iterable[str]) -> bool:
    """Whether an address means the same place as one of these."""
    return any(same_source(address, other) for other in known)
