"""`python -m app.cli`: all groups, and errors as one line that names the mend."""

from __future__ import annotations

import os
import sys

import click
from sqlalchemy.exc import SQLAlchemyError

from app.cli import (
    backup,
    connecting,
    coupons,
    db,
    doctor,
    dressing,
    inbox,
    invoice_books,
    invoices,
    mail_server,
    notices,
    orders,
    promise,
    shipping,
    sidebars,
    staff,
    store,
    tokens,
)
from app.errors import KikubariError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Kikubari: invoices and early delay notices for WooCommerce shops.

    \b
    Example:  python3 run.py store list
    """


for added in (
    doctor.doctor,
    *connecting.COMMANDS,
    *dressing.COMMANDS,
    *promise.COMMANDS,
    shipping.carrier,
    mail_server.smtp,
):
    store.group.add_command(added)
for added in invoice_books.COMMANDS:
    invoices.group.add_command(added)
orders.group.add_command(shipping.ship)
for module in (store, orders, invoices, notices, coupons, inbox, staff, tokens, sidebars, db):
    main.add_command(module.group)
for command in (backup.create, backup.restore):
    main.add_command(command)

if __name__ == "__main__":
    os.umask(0o077)  # what it writes is personal data
    try:
        main(prog_name="run.py")
    except KikubariError as error:
        sys.exit(f"kikubari: {error.sentence()}")
    except SQLAlchemyError as error:
        sys.exit(
            f"kikubari: the database cannot be used ({type(error).__name__}); check DATABASE_URL, "
            "then: python3 run.py db upgrade"
        )
