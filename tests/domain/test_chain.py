"""The chain of documents: whatever is changed, removed, added or cut off is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.chain import BEGINNING, Entry, content_hash, first_break, link

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Chain = list[tuple[Entry, str]]


def chain(length: int) -> Chain:
    made: Chain = []
    for position in range(1, length + 1):
        at, content = AT + timedelta(minutes=position), content_hash({"total": str(position)})
        number = f"2026-{position:05}"
        entry = Entry(position, "invoice", "invoice", position, number, at, content)
        made.append((entry, link(made[-1][1] if made else BEGINNING, entry)))
    return made


def head(made: Chain) -> tuple[int, str]:
    return (made[-1][0].position, made[-1][1]) if made else (0, BEGINNING)


@pytest.mark.parametrize("length", [0, 1, 5])
def test_what_was_not_touched_holds(length: int) -> None:
    made = chain(length)
    assert first_break(made, head(made)) is None


CHANGES = {
    "kind": "credit_note",
    "series": "other",
    "sequence": 99,
    "number": "2026-00099",
    "issued_at": AT,
    "content_sha256": "0" * 64,
}


@given(st.integers(0, 4), st.sampled_from(sorted(CHANGES)))
def test_a_changed_fact_breaks_it_there(place: int, field: str) -> None:
    made = chain(5)
    entry, kept = made[place]
    made[place] = (replace(entry, **{field: CHANGES[field]}), kept)  # type: ignore[arg-type]
    found = first_break(made, head(made))
    assert found is not None and found.position == place + 1


@given(st.integers(0, 3))
def test_one_that_was_removed_is_missed(place: int) -> None:
    made = chain(5)
    end = head(made)
    del made[place]
    found = first_break(made, end)
    assert found is not None and found.position == place + 1 and "missing" in found.why


def test_an_end_that_was_cut_off_is_missed() -> None:
    made = chain(5)
    found = first_break(made[:3], head(made))
    assert found is not None and found.position == 4


def test_two_that_changed_places_are_found() -> None:
    made = chain(5)
    made[1], made[2] = made[2], made[1]
    assert first_break(made, head(made)) is not None


def test_whoever_forges_the_rest_as_well_does_not_reach_the_head() -> None:
    made = chain(5)
    end, forged = head(made), made[:2]
    for entry, _ in made[2:]:
        changed = replace(entry, content_sha256="f" * 64)
        forged.append((changed, link(forged[-1][1], changed)))
    found = first_break(forged, end)
    assert found is not None and "last" in found.why
