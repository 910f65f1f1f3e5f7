"""`store smtp`: a mail server of the shop's own for its messages."""

from __future__ import annotations

from typing import Any

import click

from app.cli.output import WHO, json_option, services, show_one
from app.errors import SettingsError
from app.usecases.set_mail_server import send_test_mail, set_mail_server


@click.command("smtp")
@click.argument("name")
@click.option("--host", help="The server, e.g. smtp.shop.example.")
@click.option("--port", type=click.IntRange(1, 65_535), help="587 for starttls, 465 for tls.")
@click.option("--security", type=click.Choice(["starttls", "tls", "none"]), help="TLS, and how.")
@click.option("--user", help="Name to sign in with; its password is asked for.")
@click.option("--from-address", help="Mails come from this address.")
@click.option("--from-name", help="Mails come from this name; else the seller's.")
@click.option("--reply-to", help="Answers go to this address.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--test", "test_address", metavar="ADDRESS", help="Send one mail there.")
@click.option("--off", is_flag=True, help="Messages travel as notes of the shop again.")
@json_option
def smtp(
    name: str,
    password_stdin: bool,
    test_address: str | None,
    off: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Send a shop's messages through its own mail server, or only try it with --test.

    The password is asked for, or read from standard input; it is kept encrypted, and used for this
    name, server and port alone.

    \b
    Example:  python3 run.py store smtp tea --host smtp.tea.example --user tea \\
                --from-address hello@tea.example --test me@tea.example
    """
    s = services()
    values = {key: value for key, value in given.items() if value is not None}
    if off:
        values = {"host": ""}
    found: dict[str, Any] = {"name": name}
    if values or password_stdin:
        asks = password_stdin or bool(values.get("user"))
        password = _password(password_stdin) if asks else None
        server = set_mail_server(s.db, s.box, name, values, password, who=WHO, now=s.clock())
        found |= server.model_dump()
    elif not test_address:
        raise SettingsError("nothing was asked for", mend="see `store smtp --help`")
    if test_address:
        fate, said = send_test_mail(s.db, s.mailer, name, test_address, s.clock())
        found |= {"test": fate.value, "said": said}
    show_one(found, as_json=as_json)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return click.get_text_stream("stdin").readline(2000).rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True))
