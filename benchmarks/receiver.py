"""Kill the receiver under load: is every delivery that was answered 200 stored?

    .venv/bin/python benchmarks/receiver.py --kills 100

Clients post signed deliveries, each another one, as fast as they are answered, while the web
server's whole process tree is killed with SIGKILL again and again. The last line is JSON; the
exit code is 1 if one that was answered 200 is missing.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common import finish
from sqlalchemy import select

from app.db.inbox import InboxRow
from app.db.stores import Store
from app.domain.delivery import dedupe_key
from app.launch.network import wait_until_up
from app.usecases.manage_stores import NewStore, add_store
from benchmarks.chaos_parts import Product, fresh_database
from tests.world import SECRET, signed_headers

SHOP_URL = "http://shop.example"
CLIENTS = 8


@dataclass
class Sender(threading.Thread):
    """One client. `stored`: the keys of the deliveries that were answered 200."""

    port: int
    store: Store
    first_id: int
    stored: set[str] = field(default_factory=set)
    sent: int = 0
    unanswered: int = 0
    refused: dict[int, int] = field(default_factory=dict)
    stopping: bool = False

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self.stopping:
            self.sent += 1
            order = {"id": self.first_id + self.sent, "status": "processing", "currency": "EUR"}
            body = json.dumps(order).encode()
            try:
                status = self._post(link, body)
            except (OSError, http.client.HTTPException):
                self.unanswered += 1
                link.close()
                time.sleep(0.02)
                continue
            if status == 200:
                self.stored.add(dedupe_key("order.updated", body, "", whole=True))
            else:
                self.refused[status] = self.refused.get(status, 0) + 1
        link.close()

    def _post(self, link: http.client.HTTPConnection, body: bytes) -> int:
        headers = signed_headers("order.updated", body, source=SHOP_URL)
        link.request("POST", f"/webhooks/woocommerce/{self.store.key}", body, headers)
        answer = link.getresponse()
        answer.read()
        return answer.status


def run(folder: Path, database_url: str, kills: int, seed: int) -> dict[str, Any]:
    """The numbers of the last line: `missing` must be 0."""
    dice, begun = random.Random(seed), time.monotonic()
    product = Product(folder, database_url, workers=0)
    services = product.services()
    new = NewStore("receiver", SHOP_URL, "ck", "cs", SECRET)
    store = add_store(services.db, services.box, new, who="chaos", now=services.clock())
    senders = [Sender(product.port, store, number * 10_000_000) for number in range(CLIENTS)]
    try:
        product.start()
        _wait(product)
        for sender in senders:
            sender.start()
        for number in range(kills):
            time.sleep(dice.uniform(0.1, 0.6))
            product.kill("web")
            product.start()
            _wait(product)
            if number % 10 == 9:
                print(f"{number + 1} kills, {sum(len(s.stored) for s in senders)} answered 200")
        time.sleep(0.3)
        for sender in senders:
            sender.stopping = True
        for sender in senders:
            sender.join(70)
    finally:
        product.stop()
    answered = set().union(*(sender.stored for sender in senders))
    with services.db.read() as session:
        kept = set(session.scalars(select(InboxRow.dedupe_key)))
    services.db.dispose()
    return {
        "kills": kills,
        "acked": len(answered),
        "stored": len(kept),
        "unanswered": sum(sender.unanswered for sender in senders),
        "refused": sum(sum(sender.refused.values()) for sender in senders),
        "missing": len(answered - kept),
        "seconds": round(time.monotonic() - begun, 1),
    }


def _wait(product: Product) -> None:
    wait_until_up(f"http://127.0.0.1:{product.port}/healthz", lambda: None)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database-url", default="", help="PostgreSQL instead of a SQLite file")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="kikubari-receiver-") as folder,
        fresh_database(Path(folder), asked.database_url) as url,
    ):
        result = run(Path(folder), url, asked.kills, asked.seed)
    return finish(result, good=result["missing"] == 0 and result["acked"] > 0)


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())
