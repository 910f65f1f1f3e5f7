"""`store logo`, `store template`: how a shop's documents look."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.output import WHO, json_option, services, show_one
from app.errors import FileRefused
from app.usecases.dress_documents import Part, keep_file, take_away

FILE = click.argument("file", required=False, type=click.Path(path_type=Path))
REMOVE = click.option("--remove", is_flag=True, help="Use none any more.")


@click.command()
@click.argument("name")
@FILE
@REMOVE
@json_option
def logo(name: str, file: Path | None, remove: bool, as_json: bool) -> None:
    """Put a logo on a shop's documents: a PNG or JPEG of at most 1 MiB.

    It stands in the place of the shop's name. Documents that were issued keep their look.

    \b
    Example:  python3 run.py store logo tea logo.png
    """
    _change(name, "logo", file, remove, as_json)


@click.command()
@click.argument("name")
@FILE
@REMOVE
@json_option
def template(name: str, file: Path | None, remove: bool, as_json: bool) -> None:
    """Use a template of your own for a shop's documents.

    It is tried out on sample documents first, in a process of its own, and refused with the line
    that is wrong. Documents that were issued keep their look.

    \b
    Example:  python3 run.py store template tea invoice.html
    """
    _change(name, "template", file, remove, as_json)


COMMANDS = (logo, template)


def _change(name: str, part: Part, file: Path | None, remove: bool, as_json: bool) -> None:
    s = services()
    if remove == bool(file):
        raise click.UsageError("name a FILE, or --remove, and not both")
    if file is None:
        take_away(s.db, name, part, who=WHO, now=s.clock())
        show_one({"name": name, part: None}, as_json=as_json)
        return
    try:
        data = file.read_bytes()
    except OSError as error:
        raise FileRefused(f"{file}: {error.strerror}", mend="name a file that is there") from error
    kept = s.file_checks[part](data)
    digest = keep_file(s.db, name, part, kept, who=WHO, now=s.clock())
    show_one({"name": name, part: digest, "bytes": len(kept[1])}, as_json=as_json)
