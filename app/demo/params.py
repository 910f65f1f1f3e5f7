"""The query parameters of lists, checked and answered as WordPress does (recordings, 15, 16)."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.demo.state import Record, ShopError

_DATE = re.compile(
    r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d(:?\d\d)?)?$|^\d{4}-\d\d-\d\d$"
)
_TRUE = ("1", "true")
_FALSE = ("0", "false")


def invalid(name: str, code: str, message: str, data: object = None) -> ShopError:
    """The refusal of one parameter."""
    details = {name: {"code": code, "message": message, "data": data}}
    body = {"status": 400, "params": {name: message}, "details": details}
    return ShopError("rest_invalid_param", f"Invalid parameter(s): {name}", 400, body)


def wrong_type(name: str, kind: str) -> ShopError:
    """The refusal of a parameter of the wrong type."""
    return invalid(name, "rest_invalid_type", f"{name} is not of type {kind}.", {"param": name})


def listed(words: Iterable[str]) -> str:
    """a, b, and c — as WordPress enumerates."""
    *head, last = words
    return f"{', '.join(head)}, and {last}" if head else last


def integer(args: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    """A whole number within bounds."""
    given = args.get(name)
    if given is None:
        return default
    if not re.fullmatch(r"-?\d{1,9}", str(given)):
        raise wrong_type(name, "integer")
    number = int(given)
    if not low <= number <= high:
        said = f"{name} must be between {low} (inclusive) and {high} (inclusive)"
        if high > 10**6:
            said = f"{name} must be greater than or equal to {low}"
        raise invalid(name, "rest_out_of_bounds", said)
    return number


def flag(value: Any, name: str) -> bool:
    """A boolean, also as "true", "1", 0 …"""
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text in _TRUE:
        return True
    if text in _FALSE or text == "":
        return False
    raise wrong_type(name, "boolean")


def choice(args: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    """One of some words; the first is the default."""
    given = str(args.get(name, allowed[0]))
    if given not in allowed:
        said = f"{name} is not one of {listed(allowed)}."
        raise invalid(name, "rest_not_in_enum", said)
    return given


def words(args: Mapping[str, Any], name: str) -> list[str]:
    """A list given as a,b or as name[]=a&name[]=b."""
    given = args.get(name)
    if given is None:
        return []
    if isinstance(given, list):
        return [str(item) for item in given]
    return [item for item in re.split(r"[\s,]+", str(given)) if item]


def numbers(args: Mapping[str, Any], name: str) -> list[int]:
    """A list of ids."""
    found = words(args, name)
    if any(not item.isdigit() for item in found):
        raise invalid(name, "rest_invalid_type", f"{name}[0] is not of type integer.")
    return [int(item) for item in found]


def instant(args: Mapping[str, Any], name: str, zone: str) -> str | None:
    """A date parameter as a stored UTC instant, with the quirks of the real shop.

    Naive means UTC with dates_are_gmt and the shop's own time without it. A zone counts without
    the flag; *with* the flag it makes the list empty (recordings, 15): the far future stands
    for that here.
    """
    given = args.get(name)
    if given is None:
        return None
    text = str(given)
    if not _DATE.match(text):
        raise invalid(name, "rest_invalid_date", "Invalid date.")
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+" if "T" in text else "T"))
    except ValueError:
        raise invalid(name, "rest_invalid_date", "Invalid date.") from None
    in_utc = flag(args.get("dates_are_gmt", False), "dates_are_gmt")
    if moment.tzinfo is not None and in_utc:
        return "9999-12-31T00:00:00" if name.endswith("after") else "0000-01-01T00:00:00"
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC if in_utc else ZoneInfo(zone))
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def only_fields(shown: Record, wanted: list[str]) -> Record:
    """Apply `_fields`; a dotted name keeps its first part."""
    if not wanted:
        return shown
    heads = {name.partition(".")[0] for name in wanted}
    return {name: value for name, value in shown.items() if name in heads}


def php_arguments(pairs: Iterable[tuple[str, str]]) -> Record:
    """Query pairs as PHP reads them: the last wins, name[] and name[0] collect."""
    read: Record = {}
    for name, value in pairs:
        base, bracket, _ = name.partition("[")
        if bracket:
            current = read.get(base)
            read[base] = [*(current if isinstance(current, list) else []), value]
        else:
            read[name] = value
    return read
