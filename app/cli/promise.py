"""`store back-test`, `moved`, `copy`: what an owner decides from what was seen of a shop."""

from __future__ import annotations

from typing import Any

import click

from app.cli.output import WHO, json_option, services, show_one
from app.cli.store import facts
from app.domain.back_test import ENOUGH, BackTest
from app.errors import SettingsError
from app.usecases.back_test_store import back_test_store
from app.usecases.manage_stores import find_store
from app.usecases.stores import settings_of
from app.usecases.tell_copies import it_is_a_copy, it_moved


@click.command("back-test")
@click.argument("name")
@click.option(
    "--handling-days", type=click.IntRange(0, 90), help="Try these instead of those that are set."
)
@json_option
def back_test(name: str, handling_days: int | None, as_json: bool) -> None:
    """How the promise would have done on a shop's past orders, before customers are told one.

    Of the newest 500 paid orders of the last year, those count that tell when they were paid and
    when they left: by the day of their tracking number, else by when they were set to completed.

    \b
    Example:  python3 run.py store back-test tea --handling-days 3
    """
    s = services()
    with s.db.read() as session:
        store = find_store(session, name)
        settings = settings_of(session, store.id)
        if handling_days is not None:
            rules = settings.promise.model_copy(update={"handling_days": handling_days})
            settings = settings.model_copy(update={"promise": rules})
        found = back_test_store(session, store.id, settings, s.clock())
    show_one({"name": name, **as_facts(found)}, as_json=as_json)


def as_facts(found: BackTest) -> dict[str, Any]:
    """A back-test for people and programs."""
    return {
        "handling_days": found.handling_days,
        "tested": found.tested,
        "enough": found.is_enough,
        "kept": found.kept,
        "would_have_been_told": found.told,
        "waiting_late": found.waiting_late,
        "undated": found.undated,
        "left_by": {kind.value: number for kind, number in sorted(found.left_by.items())},
        "median_days": found.median_days,
        "kept_at_days": {str(days): kept for days, kept in found.kept_at},
        "advised_days": found.advised_days,
        "says": _words(found),
    }


def _words(found: BackTest) -> str:
    if not found.is_enough:
        return f"{found.tested} orders are too few to judge by: it takes {ENOUGH}"
    return (
        f"{found.kept} of {found.tested} left in time; when parcels arrived no order tells, so "
        "the days in transit are taken as set"
    )


@click.command()
@click.argument("name")
@click.argument("address")
@json_option
def moved(name: str, address: str, as_json: bool) -> None:
    """Say that a shop moved to an address under which it was seen.

    It is looked whether the shop answers there with our keys; then that is its address, and the
    deliveries that were kept apart because they came from there are taken up.

    \b
    Example:  python3 run.py store moved tea https://new-tea.example
    """
    s = services()
    try:
        store = it_moved(s.db, s.box, s.finder, s.probe, name, address, who=WHO, now=s.clock())
    except SettingsError as error:
        raise SettingsError(f"nothing was changed: {error}", mend=error.mend) from None
    show_one(facts(store), as_json=as_json)


@click.command()
@click.argument("name")
@click.argument("address")
@json_option
def copy(name: str, address: str, as_json: bool) -> None:
    """Say that what shows up under an address is a copy of a shop: it is ignored from now on.

    \b
    Example:  python3 run.py store copy tea https://staging.tea.example
    """
    s = services()
    store = it_is_a_copy(s.db, name, address, who=WHO, now=s.clock())
    show_one({**facts(store), "copies": store.copies}, as_json=as_json)


COMMANDS = (back_test, moved, copy)
