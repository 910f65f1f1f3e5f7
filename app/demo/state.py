"""The records of the demo shop, and the frame in which they change.

    with shop.changing():        one PHP request of a real shop
        shop.orders[...] = ...   change records, save() them, fire() events
                                 on leaving: written to the archive, events handed on

Events of one request reach a webhook once for each resource, as in WooCommerce.
"""

import itertools
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.demo import catalogue
from app.demo.archive import Archive

Record = dict[str, Any]
Event = tuple[str, Any]
"""A topic and its argument: a resource id, or for some actions a small dict."""


class ShopError(Exception):
    """The shop refuses: carries the REST code, message and status of the refusal.

    A few refusals come without an Allow header, as recorded.
    """

    hides_allow = False

    def __init__(self, code: str, message: str, status: int, data: object = None) -> None:
        super().__init__(message)
        self.code: str | int = code
        self.message = message
        self.status = status
        self.data = {"status": status} if data is None else data


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


class ShopState:
    """All records, their ids, the clock and the lock. Every change runs inside `changing()`."""

    def __init__(
        self,
        *,
        base_url: str = "",
        name: str = "Käse & Söhne – Shop",
        now: Callable[[], datetime] = utc_now,
        state_file: Path | str | None = None,
        zone: str = "Europe/Berlin",
        first_order_id: int = 1001,
    ) -> None:
        self.lock = threading.RLock()
        self.base_url = base_url or "http://127.0.0.1:8080"
        self.base_url_is_given = bool(base_url)
        self.name = name
        self.zone = zone
        self._clock = now
        self._shift = timedelta(0)
        self._depth = 0
        self._events: list[Event] = []
        self._archive = Archive(Path(state_file)) if state_file else None
        self._start_fresh(first_order_id)
        if self._archive:
            self._resume(self._archive.load())

    def _start_fresh(self, first_order_id: int) -> None:
        self.products: dict[int, Record] = catalogue.start_products()
        self.orders: dict[int, Record] = {}
        self.refunds: dict[int, Record] = {}
        self.notes: dict[int, Record] = {}
        self.customers: dict[int, Record] = {}
        self.coupons: dict[int, Record] = {}
        self.webhooks: dict[int, Record] = {}
        self.fulfillments: dict[int, Record] = {}
        self.mails: dict[int, Record] = {}
        self.keys: dict[str, Record] = {}
        self.users: dict[int, Record] = {1: {"id": 1, "login": "admin", "role": "administrator"}}
        self.settings: dict[str, list[Record]] = catalogue.seed("settings")
        self.tax_table: list[Record] = catalogue.seed("taxes")
        self.salt = secrets.token_hex(16)
        self._last: dict[str, int] = {"post": first_order_id - 1, "user": 1}
        self._children: dict[str, dict[int, list[int]]] = {}

    def _resume(self, stored: dict[str, dict[str, Any]]) -> None:
        tables = ("products", "orders", "refunds", "notes", "customers", "coupons", "webhooks")
        for table in (*tables, "fulfillments", "mails", "users"):
            rows = {int(key): row for key, row in stored.get(table, {}).items()}
            getattr(self, table).update(dict(sorted(rows.items())))
        self.keys.update(stored.get("keys", {}))
        for group, rows in stored.get("settings", {}).items():
            self.settings[group] = rows
        counters = stored.get("counter", {})
        self._last.update({name: int(value) for name, value in counters.items()})
        self.salt = stored.get("meta", {}).get("salt", self.salt)
        self.save("meta", "salt", self.salt)
        for table in ("refunds", "notes", "fulfillments"):
            for row in getattr(self, table).values():
                self._index(table, row)

    # --- clock and ids -------------------------------------------------------------------

    def now(self) -> datetime:
        """The shop's clock: aware, UTC, whole seconds as WooCommerce stores them."""
        return (self._clock() + self._shift).astimezone(UTC).replace(microsecond=0)

    def move_clock(self, by: timedelta) -> None:
        """Move the shop's clock, forwards or back."""
        self._shift += by

    def stamp(self, at: datetime | None = None) -> str:
        """The stored form of an instant."""
        instant = (at or self.now()).astimezone(UTC)
        return instant.strftime("%Y-%m-%dT%H:%M:%S")

    def next_id(self, sequence: str) -> int:
        """The next number of a sequence; posts share one (orders, refunds, coupons, products)."""
        number = self._last.get(sequence, 0) + 1
        self._last[sequence] = number
        if self._archive:
            self._archive.put("counter", sequence, number)
        return number

    # --- changes -------------------------------------------------------------------------

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One request: nested blocks join the outer one, which writes and hands on events."""
        with self.lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if not self._depth:
                    self._settle()

    def _settle(self) -> None:
        if self._archive:
            self._archive.flush()
        events, self._events = self._events, []
        if events:
            self.hand_on(events)

    def hand_on(self, events: list[Event]) -> None:
        """Take the events of one request; the shop with deliveries overrides this."""

    def fire(self, topic: str, argument: Any) -> None:
        """Note an event of this request."""
        self._events.append((topic, argument))

    def save(self, table: str, key: object, record: object) -> None:
        """Note a changed record for the archive."""
        if self._archive:
            self._archive.put(table, key, record)

    def forget(self, table: str, key: object) -> None:
        """Note a deleted record for the archive."""
        if self._archive:
            self._archive.drop(table, key)

    def add_child(self, table: str, record: Record) -> None:
        """Store a refund, note or fulfilment and index it under its order."""
        getattr(self, table)[record["id"]] = record
        self._index(table, record)
        self.save(table, record["id"], record)

    def drop_child(self, table: str, record: Record) -> None:
        """Remove a refund, note or fulfilment."""
        del getattr(self, table)[record["id"]]
        self._children[table][self._parent(record)].remove(record["id"])
        self.forget(table, record["id"])

    def children(self, table: str, order_id: int) -> list[Record]:
        """The refunds, notes or fulfilments of an order, oldest first."""
        rows = getattr(self, table)
        return [rows[i] for i in self._children.get(table, {}).get(order_id, ())]

    def _index(self, table: str, record: Record) -> None:
        parents = self._children.setdefault(table, {})
        parents.setdefault(self._parent(record), []).append(record["id"])

    @staticmethod
    def _parent(record: Record) -> int:
        return int(record.get("order_id") or record.get("parent_id") or 0)

    # --- settings ------------------------------------------------------------------------

    def setting(self, group: str, name: str) -> str:
        """The value of a setting."""
        return str(self.setting_row(group, name)["value"])

    def setting_row(self, group: str, name: str) -> Record:
        """The whole row of a setting; ShopError where group or name is unknown."""
        rows = self.settings.get(group)
        if rows is None:
            raise ShopError("rest_setting_setting_group_invalid", "Invalid setting group.", 404)
        for row in rows:
            if row["id"] == name:
                return row
        raise ShopError("rest_setting_setting_invalid", "Invalid setting.", 404)

    def change_setting(self, group: str, name: str, value: object) -> Record:
        """Set a value; returns the row."""
        with self.changing():
            row = self.setting_row(group, name)
            row["value"] = value if isinstance(value, list) else str(value)
            self.save("settings", group, self.settings[group])
            return row

    @property
    def decimals(self) -> int:
        """The shop's current number of decimals; payloads follow it (recordings, 8)."""
        return int(self.setting("general", "woocommerce_price_num_decimals"))

    @property
    def currency(self) -> str:
        """The shop's currency."""
        return self.setting("general", "woocommerce_currency")

    @property
    def base_place(self) -> tuple[str, str]:
        """Country and state of the shop, where taxes without an address come from."""
        place = self.setting("general", "woocommerce_default_country").partition(":")
        return place[0], place[2]

    def close(self) -> None:
        """Write what is left and close the file."""
        with self.lock:
            if self._archive:
                self._archive.close()
                self._archive = None


def string_meta(value: Any) -> Any:
    """A meta value as PHP stores it: scalars become strings, null vanishes (recordings, 18)."""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return value


def merge_meta(
    current: list[Record], wishes: list[Record], next_id: Callable[[], int]
) -> list[Record]:
    """Lay meta rows over others by id or key; a null value removes the row."""
    merged = {row["key"]: row for row in current}
    by_id = {row["id"]: row["key"] for row in current}
    for wish in wishes:
        key = wish.get("key") or by_id.get(wish.get("id"))
        if key is None:
            continue
        if wish.get("value") is None:
            merged.pop(key, None)
            continue
        row_id = merged[key]["id"] if key in merged else next_id()
        merged[key] = {"id": row_id, "key": key, "value": string_meta(wish["value"])}
    return list(itertools.chain(merged.values()))
