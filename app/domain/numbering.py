"""Which series a document is numbered in, and how its number looks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.domain.invoice import DocumentKind
from app.domain.store_settings import Numbering

SPECIMENS = "SPECIMEN"
"""The series of test mode. Its numbers mean nothing to anyone."""


def series_of(kind: DocumentKind, numbering: Numbering, issued_at: datetime) -> str:
    """`invoice`, or `invoice:2026` where numbers begin again each year. `issued_at`: in the
    shop's own time zone, whose year it is."""
    if numbering.restart == "yearly":
        return f"{kind.value}:{issued_at.year:04d}"
    return kind.value


def is_series_of(series: str, kind: DocumentKind) -> bool:
    """Whether a series numbers this kind of document."""
    return series.partition(":")[0] == kind.value


def first_of(series: str, numbering: Numbering) -> int:
    """The first number of a series: what the owner chose, for the one that was begun with."""
    if ":" in series and numbering.restart == "never":
        return 1
    return numbering.credit_start if series.startswith("credit_note") else numbering.start


def start_of(first: int, following: Sequence[int], *, issued_this_year: bool) -> int:
    """Where a series begins that has no number yet. `first`: what the owner chose; `following`: the
    next numbers of the other series of its kind. Where numbers are let begin again from the next
    year on, this year's go on above those that were given in it."""
    if not following:
        return first
    return max(first, *following) if issued_this_year else 1


def number_of(kind: DocumentKind, numbering: Numbering, sequence: int, issued_at: datetime) -> str:
    """The number as it is printed, e.g. `2026-00042`. `issued_at`: in the shop's time zone."""
    form = numbering.credit_format if kind is DocumentKind.CREDIT_NOTE else numbering.format
    return (
        form.replace("{year}", f"{issued_at.year:04d}")
        .replace("{month}", f"{issued_at.month:02d}")
        .replace("{number}", str(sequence).zfill(numbering.padding))
    )


def file_stem(kind: str, number: str) -> str:
    """`credit-note-CN-00001`: letters, digits and hyphens, whatever the number's format is, so that
    it is safe in headers, archives and on every disk."""
    safe = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in number)
    return f"{kind.replace('_', '-')}-{safe}"
