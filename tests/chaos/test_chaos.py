"""The short run of the chaos benchmark, as anybody can start it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import POSTGRES

ROOT = Path(__file__).parents[2]
CLEAN = {
    "missing_invoices": 0,
    "duplicate_invoices": 0,
    "number_gaps": 0,
    "missing_messages": 0,
    "duplicate_messages": 0,
}


def chaos(*arguments: str) -> dict[str, float]:
    """The last line of a run."""
    command = [sys.executable, "benchmarks/chaos.py", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=600, env=dict(os.environ)
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_nothing_is_lost_and_nothing_happens_twice() -> None:
    found = chaos("--orders", "120", "--kills", "6", "--redis-wipes", "1")
    assert {name: found[name] for name in CLEAN} == CLEAN
    assert (found["orders"], found["kills"]) == (120, 6)
    assert found["kills_in_task"] >= 2


@pytest.mark.skipif(not POSTGRES, reason="TEST_DATABASE_URL is not set")
def test_nothing_is_lost_and_nothing_happens_twice_on_postgresql() -> None:
    short = ("--orders", "60", "--kills", "3", "--redis-wipes", "1")
    found = chaos(*short, "--database-url", POSTGRES)
    assert {name: found[name] for name in CLEAN} == CLEAN
