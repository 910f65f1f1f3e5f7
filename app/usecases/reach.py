"""What reconciling a shop needs from outside, and how often it may ask."""

from __future__ import annotations

from dataclasses import dataclass

from app.db.stores import Store
from app.usecases.ports import Clock, SecretBox, Shops


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a shop is asked, in seconds."""

    cycle: float = 300.0
    poll: float = 20.0
    open_sweep: float = 3_600.0
    closed_sweep: float = 86_400.0
    heartbeat: float = 60.0


@dataclass(frozen=True, slots=True)
class Reach:
    """What reconciling needs from outside. `address_of`: our webhook address for a store."""

    shops: Shops
    clock: Clock
    box: SecretBox
    public_url: str
    rhythm: Rhythm = Rhythm()

    def address_of(self, store: Store) -> str:
        return f"{self.public_url}/webhooks/woocommerce/{store.key}"
