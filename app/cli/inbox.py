"""`inbox`: deliveries as they were accepted."""

from __future__ import annotations

from typing import Any

import click

from app.cli.output import (
    WHO,
    json_option,
    limit_option,
    services,
    show,
    show_one,
    store_option,
)
from app.db import inbox
from app.db.inbox import QUARANTINED, InboxRow
from app.db.work import DONE, DUE, PARKED
from app.errors import KikubariError
from app.usecases.manage_stores import find_store
from app.usecases.retry_work import KINDS, parked_rows, retry_parked


@click.group("inbox")
def group() -> None:
    """Deliveries as they were accepted, and what became of each.

    \b
    Example:  python3 run.py inbox list --state parked
    """


@group.command("list")
@store_option
@click.option("--state", type=click.Choice([DUE, DONE, PARKED, QUARANTINED]), help="Only these.")
@limit_option
@json_option
def list_rows(store_name: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """The newest deliveries.

    \b
    Example:  python3 run.py inbox list --store tea --limit 10
    """
    with services().db.read() as session:
        store_id = find_store(session, store_name).id if store_name else None
        rows = inbox.listing(session, store_id=store_id, state=state, limit=limit)
    show([_facts(row) for row in rows], as_json=as_json, empty="No delivery has come yet.")


@group.command()
@limit_option
@json_option
def parked(limit: int, as_json: bool) -> None:
    """Everything that waits for a person: deliveries, documents, files and messages.

    \b
    Example:  python3 run.py inbox parked
    """
    with services().db.read() as session:
        rows = [
            {"kind": kind, "id": row.id, "problem": row.problem, "mend": row.mend}
            for kind, row in parked_rows(session, limit)
        ]
    show(rows, as_json=as_json, empty="Nothing waits for you.")


@group.command("show")
@click.argument("row_id", type=click.IntRange(1, 2**63 - 1))
@json_option
def show_row(row_id: int, as_json: bool) -> None:
    """One delivery with its body, which is kept for 30 days.

    \b
    Example:  python3 run.py inbox show 12
    """
    with services().db.read() as session:
        row = session.get(InboxRow, row_id)
    if row is None:
        raise KikubariError(f"there is no delivery {row_id}", mend="see `inbox list`")
    body = row.body.decode("utf-8", "replace")
    more = {"source": row.source, "emptied_at": row.emptied_at, "body": body}
    show_one(_facts(row) | more, as_json=as_json)


@group.command()
@click.argument("row_id", type=click.IntRange(1, 2**63 - 1))
@click.option(
    "--kind", type=click.Choice(list(KINDS)), default="delivery", show_default=True, help="Of what."
)
@json_option
def retry(row_id: int, kind: str, as_json: bool) -> None:
    """Try a parked row again, once its cause is mended.

    \b
    Example:  python3 run.py inbox retry 12
    """
    s = services()
    with s.db.write() as session:
        released = retry_parked(session, kind, row_id, who=WHO, now=s.clock())
    show_one({"id": row_id, "kind": kind, "retried": bool(released)}, as_json=as_json)


def _facts(row: InboxRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "received_at": row.received_at,
        "topic": row.topic,
        "about": row.subject,
        "state": row.state,
        "attempts": row.attempts,
        "duplicates": row.duplicates,
        "outcome": row.outcome or row.problem,
        "mend": row.mend,
    }
