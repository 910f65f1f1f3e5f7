"""`store`: shops that are connected."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from app.cli.output import WHO, json_option, services, show, show_one
from app.db import carrier_secrets, inbox, reconciling, stores
from app.db.installation import installation
from app.db.reconciling import Reconciling
from app.db.stores import Store
from app.domain.store_mode import Mode, is_public_https
from app.domain.store_settings import ShopSettings, read_settings
from app.errors import SettingsError
from app.usecases.await_delivery import PING
from app.usecases.guard_numbers import halt_of
from app.usecases.import_history import import_history
from app.usecases.manage_stores import (
    NewStore,
    add_store,
    change_store,
    find_store,
    save_settings,
    set_mode,
)
from app.usecases.shop_summary import would_have
from app.usecases.tell_copies import open_questions


@click.group("store")
def group() -> None:
    """Shops that are connected.

    \b
    Example:  python3 run.py store list
    """


@group.command()
@click.argument("name")
@click.option("--url", required=True, help="Address of the shop, e.g. https://shop.example")
@click.option("--consumer-key", required=True, envvar="CONSUMER_KEY", help="ck_… (read and write)")
@click.option("--consumer-secret", required=True, envvar="CONSUMER_SECRET", help="cs_…")
@click.option(
    "--webhook-secret", required=True, envvar="WEBHOOK_SECRET", help="Secret of its webhooks."
)
@json_option
def add(
    name: str,
    url: str,
    consumer_key: str,
    consumer_secret: str,
    webhook_secret: str,
    as_json: bool,
) -> None:
    """Register a shop by hand, in shadow mode, and print its webhook address.

    The keys can come from CONSUMER_KEY, CONSUMER_SECRET and WEBHOOK_SECRET instead, so that they
    do not stand in the list of processes.

    \b
    Example:  python3 run.py store add tea --url https://tea.example --consumer-key ck_1 \\
                --consumer-secret cs_1 --webhook-secret long-random-text
    """
    s = services()
    new = NewStore(name, url, consumer_key, consumer_secret, webhook_secret)
    made = add_store(s.db, s.box, new, who=WHO, now=s.clock())
    show_one(facts(made), as_json=as_json)
    _warn_if_unreachable(made)


@group.command()
@click.argument("name")
@click.option("--url", help="Its new address, where the shop moved.")
@click.option("--consumer-key", envvar="CONSUMER_KEY", help="A new ck_…")
@click.option("--consumer-secret", envvar="CONSUMER_SECRET", help="Its cs_…")
@click.option("--webhook-secret", envvar="WEBHOOK_SECRET", help="The new secret of its webhooks.")
@json_option
def change(
    name: str,
    url: str | None,
    consumer_key: str | None,
    consumer_secret: str | None,
    webhook_secret: str | None,
    as_json: bool,
) -> None:
    """Give a shop its new address or new keys.

    Deliveries that were kept apart because they came from the new address are taken over.

    \b
    Example:  python3 run.py store change tea --url https://new-tea.example
    """
    s = services()
    given = {
        "url": url,
        "consumer_key": consumer_key,
        "consumer_secret": consumer_secret,
        "webhook_secret": webhook_secret,
    }
    changes = {field: value for field, value in given.items() if value is not None}
    store = change_store(s.db, s.box, name, changes, who=WHO, now=s.clock())
    show_one(facts(store), as_json=as_json)


@group.command("list")
@json_option
def list_stores(as_json: bool) -> None:
    """All shops.

    \b
    Example:  python3 run.py store list --json
    """
    with services().db.read() as session:
        rows = [facts(store) for store in stores.all_stores(session)]
    show(rows, as_json=as_json, empty="No shop yet. Connect one: store connect URL")


@group.command("show")
@click.argument("name")
@json_option
def show_store(name: str, as_json: bool) -> None:
    """One shop: its webhook address, its deliveries by state, what was refused.

    \b
    Example:  python3 run.py store show tea
    """
    with services().db.read() as session:
        store = find_store(session, name)
        halt, counts = halt_of(installation(session)), stores.counts(session, store.id)
        found = facts(store) | {
            "stands_still": halt.sentence() if halt else None,
            "settings_version": stores.current_settings(session, store.id)[0],
            "last_delivery_at": inbox.last_delivered_at(session, store.id),
            "deliveries": inbox.counts_by_state(session, store.id),
            "refused": {name: n for name, n in counts.items() if name != PING},
            "pings": counts.get(PING, 0),
            "would_have_gone_out": asdict(would_have(session, store.id, services().clock())),
            "pause_reason": store.pause_reason,
            "moved_or_a_copy": [asdict(one) for one in open_questions(session, store)],
            "copies": store.copies,
            "old_secret_until": store.old_secret_until,
            "carrier_services": sorted(carrier_secrets.secrets_of(session, store.id)),
            "fulfillments_off_at": store.fulfillments_off_at,
            "disconnected_at": store.disconnected_at,
            **_reconciling(reconciling.of_store(session, store.id)),
        }
    show_one(found, as_json=as_json)


@group.command()
@click.argument("name")
@click.argument("mode", type=click.Choice([mode.value for mode in Mode]))
@click.option(
    "--from",
    "live_from",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]),
    help="With live: from when (UTC); else from now. Decided once.",
)
@click.option("--only-us", is_flag=True, help="Another invoice plug-in of the shop is off now.")
@json_option
def mode(name: str, mode: str, live_from: datetime | None, only_us: bool, as_json: bool) -> None:
    """Put a shop into shadow, test or live mode.

    Going live sets from when: orders paid before that moment never get an invoice or a message.

    \b
    Example:  python3 run.py store mode tea live
    """
    s = services()
    since = live_from.replace(tzinfo=UTC) if live_from else None
    store = set_mode(
        s.db, name, Mode(mode), who=WHO, now=s.clock(), live_from=since, only_us=only_us
    )
    show_one(facts(store), as_json=as_json)


@group.command("import")
@click.argument("name")
@json_option
def import_orders(name: str, as_json: bool) -> None:
    """Read a shop's past orders, as context for staff. Goes on where it was interrupted.

    They get no invoice and no message: only orders paid after going live do.

    \b
    Example:  python3 run.py store import tea
    """
    s = services()
    with s.db.read() as session:
        store = find_store(session, name)
    total, done = s.shop(store).count_orders(), 0

    def on_page(number: int) -> None:
        nonlocal done
        done += number
        click.echo(f"{done} of about {total} orders read", err=True)

    import_history(s.db, s.reach, store, on_page)
    show_one({"store": name, "orders": done}, as_json=as_json)


@group.command()
@click.argument("name")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="May be repeated.")
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML file.",
)
@json_option
def settings(name: str, pairs: tuple[str, ...], file: Path | None, as_json: bool) -> None:
    """Show a shop's settings, or change some of them; each change is a new version.

    A value is JSON where it can be read as such, else text. Lists: seller.address='["Road 1"]'.

    \b
    Example:  python3 run.py store settings tea --set seller.name="Tea Ltd" --set language=de
    """
    s = services()
    changes = _from_file(file) if file else {}
    for pair in pairs:
        _put(changes, pair)
    if changes:
        save_settings(s.db, name, changes, who=WHO, now=s.clock())
    with s.db.read() as session:
        version, values = stores.current_settings(session, find_store(session, name).id)
    present: ShopSettings = read_settings(values)
    show_one({"version": version, **present.model_dump(mode="json")}, as_json=as_json)


def webhook_address(store: Store) -> str:
    """Where the shop must deliver."""
    return f"{services().settings.own_url}/webhooks/woocommerce/{store.key}"


def facts(store: Store) -> dict[str, Any]:
    """What every command says of a store."""
    return {
        "name": store.name,
        "url": store.url,
        "mode": store.mode,
        "paused": store.paused_mode is not None,
        "live_from": store.live_from,
        "webhook_url": webhook_address(store),
    }


def _reconciling(row: Reconciling | None) -> dict[str, Any]:
    if row is None:
        return {}
    return {
        "read_at": row.last_ok_at,
        "problem": row.problem,
        "webhooks": row.webhooks,
        "history_read_at": row.imported_at,
    }


def _warn_if_unreachable(store: Store) -> None:
    url = services().settings.own_url
    if not store.is_demo and not is_public_https(url):
        click.echo(
            f"Note: a shop elsewhere cannot deliver to {url}. Set PUBLIC_URL to the public https "
            "address of this service.",
            err=True,
        )


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise SettingsError(f"{path}: {error}", mend="write it as TOML") from None


def _put(changes: dict[str, Any], pair: str) -> None:
    """`seller.name=Tea` into nested dictionaries."""
    key, equals, text = pair.partition("=")
    if not equals or not key:
        raise SettingsError(f"--set {pair[:60]}: no KEY=VALUE", mend="e.g. --set language=de")
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    *sections, last = key.split(".")
    for section in sections:
        changes = changes.setdefault(section, {})
        if not isinstance(changes, dict):
            raise SettingsError(f"--set {key[:60]}: {section} is no section", mend="see --help")
    changes[last] = value
