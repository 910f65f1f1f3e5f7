"""The benchmark of Japanese invoices finds no drift, and would notice one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.domain import taxation
from benchmarks.japan import run


def test_no_yen_drifts() -> None:
    found = run(60, 7)
    assert (found["drift_yen"], found["wrong_marks"], found["orders"]) == (0, 0, 60)
    assert found["by_line_yen"] > 0, "orders so simple that rounding by line does no harm"


def test_a_yen_too_much_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = taxation.net_and_tax

    def off_by_one(amount: Decimal, *others: Any) -> tuple[Decimal, Decimal]:
        net, tax = real(amount, *others)
        return (net - 1, tax + 1) if tax > 1 else (net, tax)

    monkeypatch.setattr(taxation, "net_and_tax", off_by_one)
    assert run(5, 7)["drift_yen"] > 0
