"""Chains of hashes: each link takes in the one before it. A store's documents are one, the audit
trail (`trail`) is another.

    hash(n) = SHA-256(hash(n - 1), what stands on document n, hash of its content)

It is made over hashes, so that the content of a document may be erased after its retention and
the chain still holds. Whoever changes, removes or swaps links breaks it from there on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

BEGINNING = ""
"""What the first link of a chain refers to."""


class Link(Protocol):
    """What stands in a chain. `position` counts from 1; `number` is what people call it."""

    @property
    def position(self) -> int: ...

    @property
    def number(self) -> str: ...

    def said(self) -> list[Any]:
        """What its hash is made over, beside the hash before it: values that JSON writes in one
        way alone."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the chain keeps of a document. `position` counts a store's documents from 1."""

    position: int
    kind: str
    series: str
    sequence: int
    number: str
    issued_at: datetime
    content_sha256: str

    def said(self) -> list[Any]:
        return [
            self.position,
            self.kind,
            self.series,
            self.sequence,
            self.number,
            written(self.issued_at),
            self.content_sha256,
        ]


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold, and why."""

    position: int
    number: str
    why: str


def content_hash(content: dict[str, Any]) -> str:
    """SHA-256 of a content as canonical JSON (sorted keys, no white space, UTF-8)."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def written(moment: datetime) -> str:
    """An instant in the one form that is hashed."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def link(previous: str, entry: Link) -> str:
    """The hash of a link that follows on `previous`."""
    said = [previous, *entry.said()]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def first_break(
    entries: Iterable[tuple[Link, str]], head: tuple[int, str], what: str = "document"
) -> Break | None:
    """The first place where a chain does not hold; None where it is intact. `what`: its links.

    `entries`: each with the hash that was kept of it, by position. `head`: position and hash of
    the newest, as they were kept apart: a chain that was cut off at its end does not reach it.
    """
    previous, expected, number = BEGINNING, 1, ""
    for entry, kept in entries:
        if entry.position != expected:
            return Break(expected, "", f"{what} {expected} of the chain is missing")
        if link(previous, entry) != kept:
            return Break(entry.position, entry.number, "does not fit the one before it")
        previous, expected, number = kept, expected + 1, entry.number
    if head != (expected - 1, previous):
        return Break(expected, number, f"the chain ends before its last {what}")
    return None
