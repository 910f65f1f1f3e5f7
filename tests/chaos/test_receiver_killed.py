"""Answered 200 means stored, with the whole process tree killed at any moment."""

from __future__ import annotations

from pathlib import Path

from benchmarks.receiver import run


def test_every_delivery_answered_200_is_stored(database_url: str, tmp_path: Path) -> None:
    kills = 6 if database_url.startswith("sqlite") else 3
    found = run(tmp_path, database_url, kills, seed=1)
    assert found["missing"] == 0
    assert found["acked"] > 100 and found["unanswered"] > 0
    assert found["refused"] == 0
