"""`notices`: what customers were told, or would have been."""

from __future__ import annotations

import click

from app.cli.output import json_option, limit_option, services, show, store_option
from app.db import notices
from app.db.orders import Order
from app.usecases.manage_stores import find


@click.group("notices")
def group() -> None:
    """What customers were told, or would have been.

    \b
    Example:  python3 run.py notices list
    """


@group.command("list")
@store_option
@limit_option
@json_option
def list_notices(store_name: str | None, limit: int, as_json: bool) -> None:
    """The newest notices with the message that said them.

    \b
    Example:  python3 run.py notices list --json
    """
    with services().db.read() as session:
        store_id = find(session, store_name).id if store_name else None
        rows = [
            {
                "id": notice.id,
                "kind": notice.kind,
                "order": session.get_one(Order, notice.order_id).number,
                "decided_at": notice.decided_at,
                "state": message.state if message else None,
                "delivery": message.delivery if message else None,
                "reference": message.reference if message else None,
                "problem": notice.dropped or (message.problem if message else None),
                "text": message.text if message else None,
            }
            for notice, message in notices.newest(session, store_id=store_id, limit=limit)
        ]
    show(rows, as_json=as_json, empty="Nothing was told yet.")
