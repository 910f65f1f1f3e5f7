"""`notices`: what customers were told, or would have been."""

from __future__ import annotations

from typing import Any

import click

from app.cli.output import WHO, json_option, limit_option, services, show, show_one, store_option
from app.db import notices
from app.db.orders import Order
from app.domain.helping import FEWEST, Followed, Helping
from app.usecases.answer_message import answer_message
from app.usecases.break_notices import answer_breaker
from app.usecases.manage_stores import find_store
from app.usecases.measure_helping import measure_helping, measured_period
from app.usecases.stores import settings_of


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
        store_id = find_store(session, store_name).id if store_name else None
        rows = [
            {
                "id": notice.id,
                "kind": notice.kind,
                "order": session.get_one(Order, notice.order_id).number,
                "decided_at": notice.decided_at,
                "state": message.state if message else None,
                "fate": message.fate if message else None,
                "reference": message.reference if message else None,
                "problem": notice.dropped or (message.problem if message else None),
                "text": message.text if message else None,
            }
            for notice, message in notices.newest(session, store_id=store_id, limit=limit)
        ]
    show(rows, as_json=as_json, empty="Nothing was told yet.")


@group.command()
@click.argument("message_ids", nargs=-1, type=click.IntRange(1, 2**63 - 1))
@click.option("--refuse", is_flag=True, help="Say no: their customers are not told.")
@json_option
def answer(message_ids: tuple[int, ...], refuse: bool, as_json: bool) -> None:
    """Say yes to words that wait for one. MESSAGE_IDS: those that `notices waiting` shows.

    \b
    Example:  python3 run.py notices answer 12 13 --refuse
    """
    s = services()
    rows = [
        {
            "message": message_id,
            "answered": answer_message(s.db, message_id, send=not refuse, who=WHO, now=s.clock()),
            "sends": not refuse,
        }
        for message_id in message_ids
    ]
    show(rows, as_json=as_json, empty="No message was named; `notices waiting` shows them.")


@group.command()
@store_option
@limit_option
@json_option
def waiting(store_name: str | None, limit: int, as_json: bool) -> None:
    """Words about delays that wait for a yes, with what the customer would read.

    \b
    Example:  python3 run.py notices waiting --store tea
    """
    with services().db.read() as session:
        store_id = find_store(session, store_name).id if store_name else None
        rows = [
            {
                "message": message.id,
                "order": session.get_one(Order, message.order_id).number,
                "why": message.problem,
                "text": message.text,
            }
            for message in notices.held_messages(session, store_id, limit)
        ]
    show(rows, as_json=as_json, empty="No word waits for a yes.")


@group.command()
@click.argument("store_name")
@click.option("--send/--discard", default=None, required=True, help="They are late; they are not.")
@json_option
def breaker(store_name: str, send: bool, as_json: bool) -> None:
    """Answer the breaker: so many orders were late at once that nothing was said.

    \b
    Example:  python3 run.py notices breaker tea --discard
    """
    s = services()
    number = answer_breaker(s.db, store_name, send=send, who=WHO, now=s.clock())
    show_one({"store": store_name, "messages": number, "sent": send}, as_json=as_json)


@group.command()
@click.argument("store_name")
@json_option
def helped(store_name: str, as_json: bool) -> None:
    """Whether the words about delays helped, of the last 90 days: what customers say, and what
    followed for late orders. There is nobody to compare with: it does not say why.

    \b
    Example:  python3 run.py notices helped tea --json
    """
    s = services()
    with s.db.read() as session:
        store = find_store(session, store_name)
        settings, now = settings_of(session, store.id), s.clock()
        found = measure_helping(session, store.id, settings, now)
        days = measured_period(settings, now)
    period = {"since": days.first, "until": days.last}
    show_one({"store": store_name, **period, **as_facts(found)}, as_json=as_json)


def as_facts(found: Helping) -> dict[str, Any]:
    """The measure for people and programs."""
    return {
        "told": found.told,
        "rated": found.rated,
        "helped": found.helped,
        "share_helped": None if found.share is None else round(found.share, 3),
        "late_told_in_time": _group(found.in_time),
        "median_days_early": found.days_early,
        "late_told_after": _group(found.too_late),
        "late_untold": found.untold,
        "told_and_not_late": found.spared,
        "says": _words(found),
    }


def _group(group: Followed) -> dict[str, int]:
    return {
        "orders": group.orders,
        "asked_for_something": group.asked,
        "asked_to_cancel": group.cancels,
        "opted_out": group.opted_out,
    }


def _words(found: Helping) -> str:
    if found.share is None:
        return f"too few to say: {found.rated} of {found.told} were rated; it takes {FEWEST}"
    return f"{found.helped} of {found.rated} that were rated helped, say the customers"
