"""How the command line prints what it found."""

from __future__ import annotations

import pytest

from app.cli.output import show, show_one

LINK = "https://shop.example/wc-auth/v1/authorize?return_url=" + "x" * 300


def test_facts_of_one_thing_are_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    show_one({"open": LINK}, as_json=False)
    assert capsys.readouterr().out == f"open  {LINK}\n"


def test_a_row_leaves_room_for_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"open": LINK, "id": 1}], as_json=False, empty="")
    assert capsys.readouterr().out.splitlines()[1] == f"{LINK[:120]}  1"
