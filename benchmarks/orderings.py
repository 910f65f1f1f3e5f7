"""The same events of an order in every order of arrival, doubled: do they end in the same state?

    .venv/bin/python benchmarks/orderings.py --seed 1

For each scenario (a purchase, changes within one second, trash, restore, refund, deletion …) the
demo shop plays it and its deliveries are kept as they were sent. Then every permutation of them,
and every permutation with one of them sent twice, goes through `process_delivery` as an order of
its own, once one at a time and once all waiting together; where a scenario has more than `--most`
such runs, the permutations without a double and a sample of the others. The shop, asked over REST,
says what is true at the end. Two end states are the same when the order (the moment aside at which
it was read), documents owed, notices and watch are. An order that is gone for good is the same
whether we never knew it or keep it as deleted, if nothing is owed, said or watched.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from common import finish, fresh_world
from sqlalchemy import event, select

from app.db import inbox
from app.db.inbox import InboxRow
from app.db.issue_requests import NOT_OWED, IssueRequest
from app.db.notices import Notice
from app.db.orders import Order
from app.db.stores import Store
from app.db.work import DUE
from app.demo.deliveries import php_json
from app.demo.shop import DemoShop
from app.domain.delivery import read_delivery
from app.domain.order import read_order
from app.errors import ShopMissing
from app.logs import configure_logging
from app.usecases.issue_document import issue_due
from app.usecases.process_delivery import process_due
from app.usecases.watch_shipments import watch_due
from app.usecases.work_off import Turn
from tests.world import START, Ticking, World, signed_headers

GONE = {"code": "woocommerce_rest_shop_order_invalid_id", "message": "Invalid ID."}
FIRST_ID = 1_000_000
OWN_IDS = 1_000
"""An order's refunds have ids within so many."""
OWN_COLUMNS = ("id", "remote_id", "number", "read_at", "payload")


@dataclass
class Recording:
    """One order's life, played in a demo shop whose clock is moved by hand; events as sent."""

    shop: DemoShop
    clock: Ticking
    order_id: int = 0
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def buy(self, buyer: str = "DE", **wishes: Any) -> None:
        self.order_id = self.shop.place_order(buyer, **wishes)

    def sent(self, topic: str) -> None:
        """A delivery of the order as it is now."""
        self.events.append((topic, self.shop.payload(topic, self.order_id, 1)))

    def hint(self, action: str) -> None:
        self.events.append((f"action.{action}", {"action": action, "arg": self.order_id}))

    def error(self) -> None:
        self.events.append(("order.updated", {**GONE, "data": {"status": 404}}))

    def later(self, seconds: int = 60) -> None:
        self.clock.pass_(seconds=seconds)

    @property
    def truth(self) -> dict[str, Any] | None:
        """What REST says at the end; None: there is no such order."""
        known = self.order_id in self.shop.orders
        return self.shop.show_order(self.order_id, 6) if known else None


def purchase(r: Recording) -> None:
    """Placed, paid, changed; the created payload is already old when it comes."""
    r.buy(paid=False)
    r.sent("order.created")
    r.later()
    r.shop.pay(r.order_id)
    r.sent("order.updated")
    r.hint("woocommerce_payment_complete")
    r.later()
    r.shop.update_order(r.order_id, {"customer_note": "Ring twice."})
    r.sent("order.updated")


def same_second(r: Recording) -> None:
    """Three states within one second: `date_modified` cannot tell which is newest."""
    r.buy(paid=False)
    r.sent("order.created")
    r.shop.pay(r.order_id)
    r.sent("order.updated")
    r.shop.update_order(r.order_id, {"customer_note": "Ring twice."})
    r.sent("order.updated")
    r.shop.set_status(r.order_id, "on-hold")
    r.sent("order.updated")


def trashed(r: Recording) -> None:
    r.buy()
    r.sent("order.created")
    r.later()
    r.shop.update_order(r.order_id, {"customer_note": "Ring twice."})
    r.sent("order.updated")
    r.later()
    r.shop.trash(r.order_id)
    r.sent("order.deleted")


def restored(r: Recording) -> None:
    trashed(r)
    r.later()
    r.shop.restore(r.order_id)
    r.sent("order.restored")


def restored_by_status(r: Recording) -> None:
    """Neither restored nor updated is sent (recordings, 10)."""
    trashed(r)
    r.later()
    r.shop.restore_by_status(r.order_id)


def deleted_for_good(r: Recording) -> None:
    """Late webhooks of an order that is gone; one that was queued holds a signed error."""
    r.buy()
    r.sent("order.created")
    r.later()
    r.shop.update_order(r.order_id, {"customer_note": "Ring twice."})
    r.sent("order.updated")
    r.later()
    r.shop.force_delete(r.order_id, in_admin=True)
    r.sent("order.deleted")
    r.error()


def refunded(r: Recording) -> None:
    r.buy("FR")
    r.sent("order.created")
    r.later()
    r.shop.refund(r.order_id, "5.00")
    r.sent("order.updated")
    r.hint("woocommerce_order_refunded")
    r.later()
    r.shop.refund(r.order_id)
    r.sent("order.updated")


def late(r: Recording) -> None:
    """Late when it is first heard of, and still waiting."""
    r.buy("GB", created_at=START - timedelta(days=9))
    r.sent("order.created")
    r.later()
    r.shop.update_order(r.order_id, {"customer_note": "Where is it?"})
    r.sent("order.updated")
    r.later()
    r.shop.update_order(r.order_id, {"customer_note": "Where is it now?"})
    r.sent("order.updated")


def late_and_cancelled(r: Recording) -> None:
    late(r)
    r.later()
    r.shop.set_status(r.order_id, "cancelled")
    r.sent("order.updated")


def shipped(r: Recording) -> None:
    r.buy("US", currency="USD")
    r.sent("order.created")
    r.later()
    r.shop.add_tracking(r.order_id, "TRACK1")
    r.sent("order.updated")
    r.later()
    r.shop.set_status(r.order_id, "completed")
    r.sent("order.updated")


def no_decimals(r: Recording) -> None:
    """A yen order: payloads follow the shop's decimals, REST gives what is asked for."""
    r.buy("JP", currency="JPY", items=[("TEA-JP", 2)])
    r.sent("order.created")
    r.sent("order.updated")
    r.later()
    r.shop.update_order(r.order_id, {"customer_note": "Ring twice."})
    r.sent("order.updated")
    r.hint("woocommerce_order_status_changed")


def three_decimals(r: Recording) -> None:
    """A dinar order: a payload rounds what REST gives to the third decimal (recordings, 8)."""
    r.buy("KW", currency="KWD", items=[("BOOK-FR", 1), ("SCARF-HE", 3)])
    r.sent("order.created")
    r.later()
    r.shop.update_order(r.order_id, {"customer_note": "Ring twice."})
    r.sent("order.updated")
    r.hint("woocommerce_order_status_changed")


def cash_on_delivery(r: Recording) -> None:
    r.buy("AT", payment_method="cod", status="processing")
    r.sent("order.created")
    r.later()
    r.shop.update_order(r.order_id, {"customer_note": "Ring twice."})
    r.sent("order.updated")
    r.later()
    r.shop.set_status(r.order_id, "completed")
    r.sent("order.updated")


SCENARIOS: tuple[Callable[[Recording], None], ...] = (
    purchase,
    same_second,
    trashed,
    restored,
    restored_by_status,
    deleted_for_good,
    refunded,
    late,
    late_and_cancelled,
    shipped,
    no_decimals,
    three_decimals,
    cash_on_delivery,
)


class Truth:
    """Stands for the shop's REST: what is true of each order at the end."""

    def __init__(self) -> None:
        self.orders: dict[int, dict[str, Any]] = {}

    def __call__(self, store: Store) -> Truth:
        return self

    def order(self, order_id: int) -> dict[str, Any]:
        if order_id not in self.orders:
            raise ShopMissing("404")
        return json.loads(json.dumps(self.orders[order_id]))  # type: ignore[no-any-return]

    def refunds(self, order_id: int) -> list[dict[str, Any]]:
        """By amount alone, as the order lists them."""
        listed = self.order(order_id).get("refunds", [])
        return [{"id": one["id"], "amount": one["total"].lstrip("-")} for one in listed]


def arrivals(count: int, most: int, dice: random.Random) -> list[tuple[int, ...]]:
    """Orders of arrival of `count` events: all permutations, then those with one doubled."""
    plain = list(itertools.permutations(range(count)))
    doubled = {
        one for twice in range(count) for one in itertools.permutations((*range(count), twice))
    }
    chosen = sorted(doubled)
    if len(plain) + len(chosen) > most:
        chosen = dice.sample(chosen, max(0, most - len(plain)))
    return plain + chosen


def with_id(payload: dict[str, Any], order_id: int) -> dict[str, Any]:
    """The payload as that of another order."""
    changed = dict(payload)
    if "arg" in changed:
        changed["arg"] = order_id
    if "id" in changed:
        changed["id"] = order_id
    if "refunds" in changed:  # their ids are a shop's own too
        changed["refunds"] = [
            {**one, "id": order_id * OWN_IDS + one["id"] % OWN_IDS} for one in changed["refunds"]
        ]
    if "number" in changed:
        changed["number"] = str(order_id)
    return changed


@dataclass
class Bench:
    """The product on one database, and the truth that it is told when it asks."""

    world: World
    store: Store
    truth: Truth
    next_id: int = FIRST_ID
    runs: int = 0
    different: int = 0

    def play(self, scenario: Callable[[Recording], None], most: int, dice: random.Random) -> str:
        """All runs of a scenario; words about those that ended otherwise."""
        recording = Recording(DemoShop(now=(clock := Ticking(START))), clock)
        recording.shop.base_url = self.world.shop_url
        scenario(recording)
        orders = arrivals(len(recording.events), most, dice)
        different: list[str] = []
        reference: dict[str, Any] | None = None
        for together in (False, True):
            ids = range(self.next_id, self.next_id + len(orders))
            self.next_id += len(orders)
            if recording.truth is not None:
                self.truth.orders = {i: with_id(recording.truth, i) for i in ids}
            self._deliver(recording, dict(zip(ids, orders, strict=True)), together=together)
            states = self._end_states(ids)
            reference = reference or states[ids[0]]
            different += [
                f"{orders[i - ids[0]]}{' at once' if together else ''}: {_difference(reference, s)}"
                for i, s in states.items()
                if s != reference
            ]
        recording.shop.close()
        self.truth.orders = {}
        self.runs += 2 * len(orders)
        self.different += len(different)
        return f"{scenario.__name__}: {2 * len(orders)} runs, {len(different)} different" + "".join(
            f"\n    {words}" for words in different[:4]
        )

    def _deliver(
        self, recording: Recording, orders: dict[int, tuple[int, ...]], *, together: bool
    ) -> None:
        longest = max(map(len, orders.values()))
        for step in range(longest):
            rows = [
                self._row(*recording.events[chosen[step]], order_id, step)
                for order_id, chosen in orders.items()
                if step < len(chosen)
            ]
            with self.world.services.db.write() as session:
                for at in range(0, len(rows), 200):
                    inbox.put_many(session, rows[at : at + 200])
            if not together:
                self._work()
        self._work()
        s = self.world.services
        while issue_due(s.db, self.truth, s.clock, self.turn, s.gate):  # type: ignore[arg-type]
            pass
        while watch_due(s.db, s.clock, limit=500):
            pass

    @property
    def turn(self) -> Turn:
        return Turn("orderings", 600.0, 500)

    def _work(self) -> None:
        s = self.world.services
        while process_due(s.db, self.truth, s.clock, self.turn):  # type: ignore[arg-type]
            pass

    def _row(self, topic: str, payload: dict[str, Any], order_id: int, step: int) -> dict[str, Any]:
        """The inbox row of a delivery; a double has a delivery id of its own."""
        body = php_json(with_id(payload, order_id))
        headers = signed_headers(topic, body, source=self.store.url)
        headers["X-WC-Webhook-Delivery-ID"] = f"{order_id}-{step}"
        delivery = read_delivery(headers, body, ["a-secret-of-the-tests"])
        now = self.world.clock()
        return {
            "store_id": self.store.id,
            "received_at": now,
            "topic": topic,
            "webhook_id": "2",
            "delivery_id": delivery.delivery_id,
            "source": delivery.source,
            "kind": delivery.kind.value,
            "subject": f"order:{delivery.order_id}" if delivery.order_id else "",
            "dedupe_key": delivery.dedupe_key,
            "body": body,
            "state": DUE,
            "due_at": now,
        }

    def _end_states(self, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        states: dict[int, dict[str, Any]] = {i: {"order": None} for i in ids}
        with self.world.services.db.read() as session:
            window = Order.remote_id.between(ids[0], ids[-1])
            for order in session.scalars(select(Order).where(window)):
                states[order.remote_id] = {
                    "order": _row_of(order),
                    "snapshot": {
                        **read_order(order.payload).model_dump(),
                        "id": 0,
                        "number": "",
                        "refunds": [one.id % OWN_IDS for one in read_order(order.payload).refunds],
                    },
                    "owed": [],
                    "notices": [],
                }
            query = select(Order.remote_id, IssueRequest).join(Order).where(window)
            for remote_id, owed in session.execute(query):
                if owed.state != NOT_OWED:
                    states[remote_id]["owed"].append((owed.kind, owed.state))
            told = select(Order.remote_id, Notice).join(Order).where(window).order_by(Notice.kind)
            for remote_id, notice in session.execute(told):
                links = ("page_id", "page_nonce")  # each order's own
                facts = {name: fact for name, fact in notice.facts.items() if name not in links}
                words = (notice.kind, notice.promise_version, json.dumps(facts))
                states[remote_id]["notices"].append(words)
        return {
            i: _gone(state) if i not in self.truth.orders else state for i, state in states.items()
        }


def _gone(state: dict[str, Any]) -> dict[str, Any]:
    """What counts of an order that the shop does not have any more."""
    order = state["order"] or {"status": "deleted", "next_check_at": None}
    kept = {name: order[name] for name in ("status", "next_check_at")}
    return {**kept, "owed": state.get("owed", []), "notices": state.get("notices", [])}


def _row_of(order: Order) -> dict[str, Any]:
    columns = [column.key for column in Order.__table__.columns]
    return {name: getattr(order, name) for name in columns if name not in OWN_COLUMNS}


def _difference(expected: dict[str, Any], found: dict[str, Any]) -> str:
    """Where two end states differ, in words."""
    return "; ".join(_differences("", expected, found))[:400]


def _differences(where: str, expected: Any, found: Any) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({*expected, *found}):
            yield from _differences(f"{where}.{key}", expected.get(key), found.get(key))
    elif expected != found:
        yield f"{where[1:]}: {found!s:.120} instead of {expected!s:.120}"


def run(most: int, seed: int, *, say: Callable[[str], None]) -> dict[str, Any]:
    """All scenarios; the numbers of the last line."""
    configure_logging("WARNING")
    dice, begun = random.Random(seed), time.monotonic()
    with fresh_world() as world:
        event.listen(world.services.db.engine, "connect", _hurry)
        bench = Bench(world, world.connect(), Truth())
        world.clock.pass_(hours=2)
        for scenario in SCENARIOS:
            say(bench.play(scenario, most, dice))
            left = world.count(InboxRow, state=DUE)
            assert not left, f"{left} deliveries were not worked off"
        seconds = round(time.monotonic() - begun, 1)
        return {
            "runs": bench.runs,
            "different_end_states": bench.different,
            "scenarios": len(SCENARIOS),
            "seconds": seconds,
        }


def _hurry(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # nothing is killed here


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1, help="of the sample above --most")
    parser.add_argument("--most", type=int, default=500, help="orders of arrival per scenario")
    asked = parser.parse_args()
    result = run(asked.most, asked.seed, say=lambda words: print(words, file=sys.stderr))
    return finish(result, good=result["different_end_states"] == 0)


if __name__ == "__main__":
    raise SystemExit(main())
