"""`store doctor`: what is wrong between us and a shop, and the mend."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from app.cli.output import json_option, services, show
from app.db import stores
from app.db.stores import Store
from app.domain.findings import Finding, Severity, worst
from app.domain.text import clean
from app.usecases.diagnose_store import Chart, examine
from app.usecases.manage_stores import find_store

MOST_SIGNS = 500


@click.command()
@click.argument("name", required=False)
@click.option("--accept", is_flag=True, help="The currency that the shop has now is meant.")
@json_option
def doctor(name: str | None, accept: bool, as_json: bool) -> None:
    """Ask a shop, or all of them, what is wrong: each finding with its mend and why it matters.

    Exit code 0: healthy; 1: warnings; 2: broken.

    \b
    Example:  python3 run.py store doctor tea
    """
    charts = [(store, _look(store, accept)) for store in _stores(name)]
    if as_json:
        show([_row(store, chart) for store, chart in charts], as_json=True, empty="")
    else:
        for store, chart in charts:
            click.echo("\n".join(report(store.name, chart.findings)))
        if not charts:
            click.echo("No shop yet. Register one: store add NAME --url …")
    sys.exit(max((worst(chart.findings) for _, chart in charts), default=Severity.OK))


def report(name: str, findings: Sequence[Finding]) -> list[str]:
    """A line with cause and mend for each finding, the worst first, and under it why."""
    if not findings:
        return [f"{name}: all is well."]
    lines = []
    for one in findings:
        word = "broken" if one.severity is Severity.BROKEN else "warning"
        lines.append(clean(f"{name}: {word}: {one.seen()} {one.mend()}", MOST_SIGNS))
        lines.append(f"  {clean(one.why(), MOST_SIGNS)}")
    return lines


def _stores(name: str | None) -> list[Store]:
    with services().db.read() as session:
        return [find_store(session, name)] if name else stores.connected_stores(session)


def _look(store: Store, accept: bool) -> Chart:
    s = services()
    return examine(s.db, s.clinic, store, accept=accept)


def _row(store: Store, chart: Chart) -> dict[str, Any]:
    return {
        "store": store.name,
        "severity": worst(chart.findings).name.lower(),
        "examined_at": chart.examined_at,
        "findings": [
            {
                "check": one.check,
                "severity": one.severity.name.lower(),
                "seen": one.seen(),
                "why": one.why(),
                "mend": one.mend(),
            }
            for one in chart.findings
        ],
    }
