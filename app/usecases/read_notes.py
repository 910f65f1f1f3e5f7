"""Read the notes of orders in a shop: whether something was said there before."""

from __future__ import annotations

from typing import Any

from app.errors import ShopMissing
from app.usecases.ports import Shop


class OrderNotes:
    """The notes of a shop's orders. Each order's are read once: an object lives as long as one
    try to say something."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._read: dict[int, list[dict[str, Any]]] = {}

    def of(self, order_id: int) -> list[dict[str, Any]]:
        """All notes of an order; none where the shop has no such order any more."""
        if order_id not in self._read:
            try:
                self._read[order_id] = self._shop.notes(order_id)
            except ShopMissing:
                self._read[order_id] = []
        return self._read[order_id]
