"""An order's events may come in every order, twice, and out of date: the end is the same."""

from __future__ import annotations

from benchmarks.orderings import run


def test_the_end_state_does_not_depend_on_the_order_of_arrival() -> None:
    words: list[str] = []
    found = run(20, 1, say=words.append)
    assert found["different_end_states"] == 0, "\n".join(words)
    assert found["runs"] >= 400
