"""Ids in addresses: numbers that the database can hold. A larger one is the address of nothing."""

from __future__ import annotations

import re

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST_ID = 2**63 - 1


def read_id(text: str) -> int | None:
    """A number that a row can have; None for anything else."""
    if not re.fullmatch("[0-9]{1,19}", text):
        return None
    number = int(text)
    return number if 0 < number <= LARGEST_ID else None


class Id(IntegerConverter):
    """What `<int:…>` takes."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST_ID)


def bound_ids(app: Flask) -> None:
    """Let no view get an id that no row can have. Before any route is added."""
    app.url_map.converters["int"] = Id
