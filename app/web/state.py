"""What requests share: the services, and what is counted between writes."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import cast

from flask import current_app

from app.db.stores import Store, count
from app.domain.carrier_events.signature import Service
from app.errors import StorageUnavailable
from app.services import Services
from app.usecases.receive_delivery import find_store, valid_secrets
from app.usecases.receive_scans import find_carrier

STATE = "kikubari"
FLUSH_SECONDS = 1.0
REMEMBER_SECONDS = 1.0
MOMENT_SECONDS = 0.02
"""So that a flood of wrong signatures is no flood of questions to the database."""


class Tally:
    """Counts requests of which nothing is stored, refused ones and pings, without a commit for
    each: a flood must not become a write load. The first of its kind is written at once."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._waiting: Counter[tuple[int, str]] = Counter()
        self._flushed_at: dict[tuple[int, str], float] = {}

    def add(self, store_id: int, name: str) -> None:
        kind, now = (store_id, name), time.monotonic()
        with self._lock:
            self._waiting[kind] += 1
            is_due = now - self._flushed_at.get(kind, 0.0) >= FLUSH_SECONDS
            if is_due:
                self._flushed_at[kind] = now
        if is_due:
            self.flush()

    def flush(self) -> None:
        """Write what was counted; where the database cannot be written it waits."""
        with self._lock:
            taken, self._waiting = self._waiting, Counter()
        if not taken:
            return
        try:
            with self._services.db.storing() as session:
                for (store_id, name), number in taken.items():
                    count(session, store_id, name, self._services.clock(), number)
        except StorageUnavailable:
            with self._lock:
                self._waiting += taken


class Doors:
    """The store behind each webhook address and the secrets that open it, remembered for a
    second: shops deliver in bursts."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[str, tuple[float, Store, tuple[str, ...]]] = {}

    def open(self, store_key: str, *, again: bool = False) -> tuple[Store, tuple[str, ...]]:
        """With `again` what is remembered counts no longer than a moment: a secret that does not
        fit may be a new one. Raises UnknownStore where no store has this key."""
        known = self._known.get(store_key)
        left = REMEMBER_SECONDS - MOMENT_SECONDS if again else 0.0
        if known is None or known[0] - left < time.monotonic():
            store = find_store(self._services.db, store_key)
            secrets = valid_secrets(self._services.box, store, self._services.clock())
            known = (time.monotonic() + REMEMBER_SECONDS, store, secrets)
            self._known[store_key] = known
        return known[1], known[2]


class CarrierDoors:
    """The same for the addresses of carriers' services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[tuple[str, str], tuple[float, Store, Service, str]] = {}

    def open(self, store_key: str, name: str, *, again: bool = False) -> tuple[Store, Service, str]:
        """Raises UnknownStore where nothing is expected from this service."""
        known = self._known.get((store_key, name))
        left = REMEMBER_SECONDS - MOMENT_SECONDS if again else 0.0
        if known is None or known[0] - left < time.monotonic():
            s = self._services
            found = find_carrier(s.db, s.box, store_key, name)
            known = (time.monotonic() + REMEMBER_SECONDS, *found)
            self._known[store_key, name] = known
        return known[1:]


class WebState:
    """One for each application."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.tally = Tally(services)
        self.doors = Doors(services)
        self.carriers = CarrierDoors(services)
        self.rendering = threading.Lock()


def state() -> WebState:
    return cast(WebState, current_app.extensions[STATE])


def services() -> Services:
    """The services of the running application."""
    return state().services
