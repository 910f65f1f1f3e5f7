"""The chain of a store's documents: each one's hash takes in the one before it.

    hash(n) = SHA-256(hash(n - 1), what stands on document n, hash of its content)

It is made over hashes, so that the content of a document may be erased after its retention and
the chain still holds. Whoever changes, removes or swaps documents breaks it from there on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

BEGINNING = ""
"""What the first document of a store refers to."""


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


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold, and why."""

    position: int
    number: str
    why: str


def content_hash(content: dict[str, Any]) -> str:
    """SHA-256 of a document's content as canonical JSON (sorted keys, no white space, UTF-8)."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def link(previous: str, entry: Entry) -> str:
    """The hash of an entry that follows on `previous`."""
    said = [
        previous,
        entry.position,
        entry.kind,
        entry.series,
        entry.sequence,
        entry.number,
        entry.issued_at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.content_sha256,
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def first_break(entries: Iterable[tuple[Entry, str]], head: tuple[int, str]) -> Break | None:
    """The first place where a store's chain does not hold; None where it is intact.

    `entries`: each with the hash that was kept of it, by position. `head`: position and hash of
    the newest, as they were kept apart: a chain that was cut off at its end does not reach it.
    """
    previous, expected, number = BEGINNING, 1, ""
    for entry, kept in entries:
        if entry.position != expected:
            return Break(expected, "", f"document {expected} of the chain is missing")
        if link(previous, entry) != kept:
            return Break(entry.position, entry.number, "does not fit the one before it")
        previous, expected, number = kept, expected + 1, entry.number
    if head != (expected - 1, previous):
        return Break(expected, number, "the chain ends before its last document")
    return None
