"""Parcels by hand and by their carriers' services: `orders ship`, `store carrier`."""

from __future__ import annotations

import os
from typing import Any

import click

from app.cli.output import WHO, json_option, services, show, show_one
from app.domain.carrier_events.signature import Service
from app.domain.parcel import Parcel
from app.errors import SettingsError
from app.usecases.note_shipment import Word, note_shipment
from app.usecases.set_carrier import set_carrier


@click.command("ship")
@click.argument("store_name", metavar="STORE")
@click.argument("order_id", type=click.IntRange(1, 2**63 - 1))
@click.option("--carrier", default="", help="Who carries it, as customers know it.")
@click.option("--tracking", default="", help="Its tracking number.")
@click.option("--delivered", is_flag=True, help="It has arrived.")
@click.option("--take-back", is_flag=True, help="Forget what was said of this order by hand.")
@json_option
def ship(
    store_name: str,
    order_id: int,
    carrier: str,
    tracking: str,
    delivered: bool,
    take_back: bool,
    as_json: bool,
) -> None:
    """Say that an order's parcel left or arrived. It stays here: the shop is not told.

    \b
    Example:  python3 run.py orders ship tea 84 --carrier DHL --tracking 00340434161094015902
    """
    s = services()
    word = Word.TAKE_BACK if take_back else Word.DELIVERED if delivered else Word.SHIPPED
    parcels = note_shipment(
        s.db,
        store_name,
        order_id,
        word,
        carrier=carrier,
        number=tracking,
        who=WHO,
        now=s.clock(),
    )
    show([parcel_facts(one) for one in parcels], as_json=as_json, empty="No parcel is known of.")


def parcel_facts(parcel: Parcel) -> dict[str, Any]:
    """What commands say of a parcel."""
    return {
        "carrier": parcel.carrier,
        "carrier_key": parcel.carrier_key,
        "tracking_number": parcel.tracking_number,
        "link": parcel.link,
        "state": parcel.state.value,
        "shipped_at": parcel.shipped_at,
        "delivered_at": parcel.delivered_at,
        "estimated_on": parcel.estimated_on,
        "last_scan": parcel.last_scan.model_dump(mode="json") if parcel.last_scan else None,
        "lines": {str(one.line_id): one.quantity for one in parcel.pieces},
        "source": parcel.source.value,
    }


@click.command("carrier")
@click.argument("name")
@click.argument("service", type=click.Choice([one.value for one in Service]))
@click.option(
    "--secret-from-env",
    "variable",
    metavar="VARIABLE",
    help="Environment variable that holds the service's secret; else it is asked for.",
)
@click.option("--remove", is_flag=True, help="Take its secret away: nothing is accepted any more.")
@json_option
def carrier(name: str, service: str, variable: str | None, remove: bool, as_json: bool) -> None:
    """Let a service that follows parcels tell of the shop's; prints the address to give it.

    \b
    Example:  python3 run.py store carrier tea aftership --secret-from-env CARRIER_SECRET
    """
    s = services()
    secret = None if remove else _secret(variable)
    store = set_carrier(s.db, s.box, name, Service(service), secret, who=WHO, now=s.clock())
    address = f"{s.settings.own_url}/webhooks/carriers/{store.key}/{service}"
    found = {"name": store.name, "service": service, "accepted": not remove}
    show_one(found | {"webhook_url": address}, as_json=as_json)


def _secret(variable: str | None) -> str:
    if variable is None:
        return str(click.prompt("Secret", hide_input=True))
    if variable not in os.environ:
        raise SettingsError(
            f"the environment has no variable {variable}", mend="set it, or be asked for the secret"
        )
    return os.environ[variable]
