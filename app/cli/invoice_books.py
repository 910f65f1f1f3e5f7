"""`invoices verify`, `invoices erase`: what was issued, as a whole."""

from __future__ import annotations

from datetime import date

import click

from app.cli.output import WHO, json_option, services, show, store_option
from app.errors import KikubariError
from app.usecases.erase_documents import erase_documents
from app.usecases.manage_stores import find
from app.usecases.verify_documents import verify_documents

PROGRESS_EVERY = 2_000


@click.command()
@store_option
@json_option
@click.pass_context
def verify(context: click.Context, store_name: str | None, as_json: bool) -> None:
    """Check that every document, file and number is as it was issued.

    Names the first that is not, and ends with 2.

    \b
    Example:  python3 run.py invoices verify --store tea
    """
    s = services()
    if store_name:
        with s.db.read() as session:
            find(session, store_name)

    def tell(number: int) -> None:
        if number % PROGRESS_EVERY == 0:
            click.echo(f"{number} documents read", err=True)

    found = verify_documents(s.db, s.files, store_name, tell)
    rows = [
        {
            "store": one.store,
            "documents": one.documents,
            "files": one.files,
            "waiting": one.waiting,
            "erased": one.erased,
            "chain": "broken" if one.broken else "intact",
            "first_broken": one.broken[0].number or None if one.broken else None,
            "why": one.broken[0].why if one.broken else None,
        }
        for one in found
    ]
    show(rows, as_json=as_json, empty="No shop yet, so there is nothing to verify.")
    if any(one.broken for one in found):
        context.exit(2)


@click.command()
@store_option
@click.option("--yes", is_flag=True, help="Do it; without, only say what would go.")
@json_option
def erase(store_name: str | None, yes: bool, as_json: bool) -> None:
    """Erase the contents of documents whose legal retention is over.

    Their numbers and hashes stay, and so does the chain. The database refuses earlier erasure.

    \b
    Example:  python3 run.py invoices erase --yes
    """
    s = services()
    now = s.clock()
    if now.date() < date(2020, 1, 1):
        raise KikubariError("this machine's clock is wrong", mend="set it, then try again")
    gone = erase_documents(s.db, s.files, store_name, who=WHO, now=now, dry=not yes)
    rows = [{"number": number, "erased": yes} for number in gone]
    show(rows, as_json=as_json, empty="No document is older than the law asks to keep it.")


COMMANDS = (verify, erase)
