"""Redis goes away under load: deliveries are accepted all the same, and then worked off."""

from __future__ import annotations

import time
from pathlib import Path

from app.demo.server import running
from app.demo.shop import DemoShop
from app.launch.network import wait_until_up
from benchmarks.chaos_parts import Product, connect, customer_notes, left_to_do

AWAY_SECONDS = 5.0
ORDERS = 60


def _buy(shop: DemoShop, seconds: float, most: int) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and len(shop.orders) < most:
        shop.place_order("DE")
        time.sleep(seconds / most / 2)


def test_redis_may_be_away(database_url: str, tmp_path: Path) -> None:
    shop = DemoShop()
    product = Product(tmp_path, database_url, workers=2, lease_seconds=4, reconcile_seconds=3600)
    services = product.services()
    try:
        with running(shop):
            product.start()
            wait_until_up(f"http://127.0.0.1:{product.port}/healthz", lambda: None)
            connect(services, shop, product.port)
            _buy(shop, 1.0, ORDERS // 6)
            product.kill_redis()
            workers = product.pids()
            _buy(shop, AWAY_SECONDS, ORDERS)
            assert shop.deliveries.wait_idle(30)
            assert {sent.status for sent in shop.delivery_log} == {200}
            product.start_redis()
            end = time.monotonic() + 60
            while len(customer_notes(shop)) < len(shop.orders) and time.monotonic() < end:
                time.sleep(0.2)
            assert len(customer_notes(shop)) == len(shop.orders)
            assert all(len(notes) == 1 for notes in customer_notes(shop).values())
            assert left_to_do(services.db, services.clock()) == {}
            assert product.living(workers) == workers, "workers reconnect by themselves"
    finally:
        product.stop()
        shop.close()
        services.db.dispose()
