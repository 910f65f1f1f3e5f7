"""What customers hear in ten thousand lives of orders, while everything goes wrong.

    .venv/bin/python benchmarks/notices.py --orders 10000 --seed 1

Orders are bought around the clock in many countries and live through two months: most leave in
time, some late, some are cancelled, refunded, put on hold or change their minds; webhooks get
lost; the shop is away for hours, acts and hangs up, and workers die before and after it acted.
The watch and the sender are the product's own, on a real database; the shop is a pretence that
keeps its own book of what it did and when. That book is what is judged:

    wrong_state    a word about a delay left for an order that was not waiting any more
    duplicates     something was said twice
    outside_hours  a word unasked left at night, where the customer lives
    over_limit     more than three words about one delay
    incomplete     a word without its date, its contact, its reference or its order
    unclosed       a delay was told, it ended, and no closing word came
    separate       a customer got two messages about delays at the same moment that were one, had
                   they been written together (a third of the customers have several orders)

Prints {"orders", "notices", …} with 0 for each of these.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Any
from zoneinfo import ZoneInfo

from common import finish, fresh_world
from sqlalchemy import func, select

from app.db.customers import opt_out
from app.db.engine import Database
from app.db.notices import Message, Notice
from app.db.orders import Order
from app.db.stores import Store
from app.demo.story import SETTINGS
from app.domain.joining import MOST_ORDERS
from app.domain.order import read_order
from app.domain.store_mode import Mode
from app.errors import ShopBusy, ShopUnreachable
from app.usecases.manage_stores import NewStore, add_store, save_settings, set_mode
from app.usecases.outside import Outside
from app.usecases.record_order import record_order
from app.usecases.send_messages import send_due
from app.usecases.watch_shipments import watch_due
from app.usecases.work_off import Turn
from tests.world import START, World

LIVE_DAYS, REST_DAYS = 40, 25
"""So long orders are bought, and so long everything has to come to its end."""
TICK = timedelta(minutes=30)
PLACES = {
    ("DE", "DE-BE"): "Europe/Berlin",
    ("GB", ""): "Europe/London",
    ("JP", "JP13"): "Asia/Tokyo",
    ("US", "CA"): "America/Los_Angeles",
    ("US", "NY"): "America/New_York",
    ("AU", "WA"): "Australia/Perth",
    ("IN", "MH"): "Asia/Kolkata",
    ("AE", ""): "Asia/Dubai",
    ("BR", "SP"): "America/Sao_Paulo",
    ("NZ", "AUK"): "Pacific/Auckland",
}
"""Where customers live. The zones are written here once more, not taken from the product."""
WAITING = {"processing"}
REFERENCE = re.compile(r"KK-[2-9A-Z]{8}")


class Killed(BaseException):
    """A worker died here. Nothing catches it but the loop that starts the next one."""


@dataclass
class Said:
    """A note as the shop keeps it: when it was written, and how every order stood then."""

    order_id: int
    at: datetime
    tried_at: datetime
    """When it was tried for the first time: its text is kept from then on."""
    text: str
    address: str
    statuses: dict[int, str]


@dataclass
class PretendShop:
    """Orders, notes, bad days. `now` is the simulation's clock."""

    now: Callable[[], datetime]
    chance: random.Random
    orders: dict[int, dict[str, Any]] = field(default_factory=dict)
    notes_by_order: dict[int, list[dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    of_address: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    tries: dict[str, datetime] = field(default_factory=dict)
    book: list[Said] = field(default_factory=list)
    away_until: datetime = START

    def _bad_day(self) -> None:
        if self.now() < self.away_until:
            raise ShopUnreachable("the shop is away")
        if self.chance.random() < 0.01:
            raise ShopBusy("503", retry=30.0)

    def order(self, order_id: int) -> dict[str, Any]:
        self._bad_day()
        return self.orders[order_id]

    def notes(self, order_id: int) -> list[dict[str, Any]]:
        self._bad_day()
        return list(reversed(self.notes_by_order[order_id]))

    def add_customer_note(self, order_id: int, text: str) -> dict[str, Any]:
        self._bad_day()
        tried_at = self.tries.setdefault(text, self.now())
        luck = self.chance.random()
        if luck < 0.02:
            raise Killed
        address = self.orders[order_id]["billing"]["email"]
        note = {"id": len(self.book) * 2 + 1, "note": text, "customer_note": True}
        said = {"id": note["id"] + 1, "note": 'Email "Customer note" sent.', "customer_note": False}
        self.notes_by_order[order_id] += [note, said]
        statuses = {one: self.orders[one]["status"] for one in self.of_address[address]}
        self.book.append(Said(order_id, self.now(), tried_at, text, address, statuses))
        if luck < 0.04:
            raise Killed
        if luck < 0.07:
            raise ShopUnreachable("it acted, and hung up")
        return note


@dataclass
class Life:
    """What is true of an order, for the judge. `ended_at`: when no parcel was owed any more."""

    address: str
    zone: ZoneInfo
    opted_out: bool = False
    ended_at: datetime | None = None


class Simulation:
    """Events in the order of time; every half hour the workers have their turn."""

    def __init__(self, world: World, orders: int, chance: random.Random) -> None:
        self.world, self.chance, self.clock = world, chance, world.clock
        self.shop = PretendShop(world.clock, chance)
        self.store = self._store()
        self.lives: dict[int, Life] = {}
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = self.kills = 0
        self.seed, self.customers = chance.random(), dict[int, int]()
        while len(self.customers) < orders:
            self._new_customer(orders)
        for day in range(LIVE_DAYS + REST_DAYS):
            if chance.random() < 0.3:
                begin = START + timedelta(days=day, seconds=chance.randrange(86_400))
                self.at(begin, self.go_away)

    def _new_customer(self, orders: int) -> None:
        number = len(self.customers) + 1
        orders_of = self.chance.randint(2, 7) if self.chance.random() < 0.33 else 1
        at = START + timedelta(seconds=self.chance.randrange(LIVE_DAYS * 86_400))
        for one in range(number, min(number + orders_of, orders + 1)):
            self.customers[one] = number
            later = timedelta(seconds=self.chance.choice((0, 600, 40_000)))
            self.at(at + later, lambda one=one: self.buy(one))

    def _store(self) -> Store:
        s = self.world.services
        new = NewStore("tea", "https://tea.example", "ck_1", "cs_1", "secret", is_demo=True)
        add_store(s.db, s.box, new, who="bench", now=START)
        values = SETTINGS | {
            "invoicing": {"when": "by_hand", "credit_notes": False},
            "outgoing": {"breaker_percent": 100},
        }
        save_settings(s.db, "tea", values, who="bench", now=START)
        return set_mode(s.db, "tea", Mode.LIVE, who="bench", now=START, live_from=START)

    def at(self, moment: datetime, do: Callable[[], None]) -> None:
        self._count += 1
        heappush(self._events, (moment, self._count, do))

    def go_away(self) -> None:
        hours = self.chance.choice((1, 2, 3, 9))
        self.shop.away_until = self.clock() + timedelta(hours=hours)

    def buy(self, number: int) -> None:
        """An order; a third of the customers buy a few times within a day, and often these share
        their fate."""
        customer = self.customers[number]
        chance = random.Random(f"{self.seed}:{customer}")
        (country, state), zone = chance.choice(list(PLACES.items()))
        at, address = self.clock(), f"buyer{customer}@shop.example"
        self.shop.orders[number] = order(number, country, state, at, address)
        self.shop.of_address[address].append(number)
        life = self.lives[number] = Life(address, ZoneInfo(zone), opted_out=chance.random() < 0.03)
        self.tell(number)
        if life.opted_out:
            with self.world.services.db.write() as session:
                opt_out(session, self.store.id, address, "customer", at)
        if chance.random() < 0.8:
            whims, self.chance = self.chance, chance
            self._plan(number, at)
            self.chance = whims
        else:
            self._plan(number, at)

    def _plan(self, number: int, at: datetime) -> None:
        """What becomes of it: most leave in time."""
        luck, hour = self.chance.random(), self.chance.uniform(1, 24)
        in_time = at + timedelta(days=self.chance.uniform(0.2, 1.5))
        late = at + timedelta(days=self.chance.uniform(3, 20))
        if luck < 0.70:
            self.at(in_time, lambda: self.end(number, "completed"))
        elif luck < 0.85:
            self.at(late, lambda: self.end(number, "completed"))
        elif luck < 0.90:
            self.at(late, lambda: self.end(number, self.chance.choice(("cancelled", "refunded"))))
        elif luck < 0.95:  # on hold for a while, then on, then late or not
            self.at(at + timedelta(hours=hour), lambda: self.change(number, "on-hold"))
            back = at + timedelta(days=self.chance.uniform(1, 9))
            self.at(back, lambda: self.change(number, "processing"))
            self.at(max(back, late), lambda: self.end(number, "completed"))
        else:  # changes its mind at the same moment as we do
            flip = late - timedelta(minutes=self.chance.uniform(1, 40))
            self.at(flip, lambda: self.change(number, "on-hold"))
            self.at(late, lambda: self.end(number, self.chance.choice(("completed", "cancelled"))))

    def change(self, number: int, status: str) -> None:
        found = self.shop.orders[number]
        if found["status"] not in ("processing", "on-hold"):
            return
        moment = self.clock().strftime("%Y-%m-%dT%H:%M:%S")
        found |= {"status": status, "date_modified_gmt": moment}
        if status == "completed":
            found["date_completed_gmt"] = moment
        if self.chance.random() < 0.3:  # this webhook is lost; reconciling brings it later
            self.at(self.clock() + timedelta(minutes=20), lambda: self.tell(number))
        else:
            self.tell(number)

    def end(self, number: int, status: str) -> None:
        self.change(number, status)
        self.lives[number].ended_at = self.clock()

    def tell(self, number: int) -> None:
        """A webhook, or what reconciling finds: the order as it is now."""
        payload = dict(self.shop.orders[number])
        with self.world.services.db.write() as session:
            store = session.get_one(Store, self.store.id)
            record_order(session, store, read_order(payload), payload, self.clock())

    def run(self) -> None:
        end, tick = START + timedelta(days=LIVE_DAYS + REST_DAYS), START
        begun, told = time.monotonic(), 0.0
        while tick < end:
            while self._events and self._events[0][0] <= tick:
                self.clock.at, _, do = heappop(self._events)
                do()
            self.clock.at = tick
            self.work()
            tick += TICK
            if time.monotonic() - told > 10:
                told = time.monotonic()
                print(f"{tick:%Y-%m-%d}, {told - begun:.0f} s", file=sys.stderr)

    def work(self) -> None:
        """The workers' turn. A dead one leaves its lease behind; another begins."""
        s = self.world.services
        while watch_due(s.db, self.clock, limit=200):
            pass
        for _ in range(200):
            turn = Turn(f"worker-{self.kills}", 120.0, 20)
            try:
                if not send_due(s.db, self.outside(), turn):
                    return
            except Killed:
                self.kills += 1

    def outside(self) -> Outside:
        s, shop = self.world.services, self.shop

        def fence(name: str) -> AbstractContextManager[bool]:
            return nullcontext(True)

        return replace(s.outside, shops=lambda store: shop, fence=fence, clock=self.clock)  # type: ignore[arg-type,return-value]


def order(number: int, country: str, state: str, at: datetime, address: str) -> dict[str, Any]:
    """A paid order, as REST tells it."""
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    place = {
        "first_name": "Ann",
        "last_name": "Bee",
        "address_1": "Road 1",
        "city": "Town",
        "postcode": "12345",
        "country": country,
        "state": state,
        "email": address,
    }
    return {
        "id": number,
        "number": str(number),
        "status": "processing",
        "currency": "EUR",
        "total": "10.00",
        "date_created_gmt": moment,
        "date_modified_gmt": moment,
        "date_paid_gmt": moment,
        "billing": place,
        "shipping": place,
        "shipping_lines": [{"method_title": "DHL Paket", "method_id": "flat_rate"}],
    }


def judge(simulation: Simulation, db: Database) -> dict[str, int]:
    """The shop's own book against what was true."""
    known = words_known(db)
    wrong: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    delays: Counter[int] = Counter()
    closed: set[int] = set()
    for said in simulation.shop.book:
        local = said.at.astimezone(simulation.lives[said.order_id].zone)
        wrong["outside_hours"] += not 9 <= local.hour < 20
        for reference in REFERENCE.findall(said.text):
            order_id, kind, facts = known[reference]
            seen[reference] += 1
            wrong["incomplete"] += not is_complete(said, order_id, kind, facts)
            wrong["wrong_state"] += simulation.lives[order_id].address != said.address
            if kind == "closed":
                closed.add(order_id)
                continue
            delays[order_id] += 1
            wrong["wrong_state"] += said.statuses[order_id] not in WAITING
    wrong["duplicates"] = sum(times - 1 for times in seen.values())
    wrong["over_limit"] = sum(number > 3 for number in delays.values())
    wrong["unclosed"] = sum(
        life.ended_at is not None and number in delays and number not in closed
        for number, life in simulation.lives.items()
        if not life.opted_out
    )
    wrong["separate"] = separate(simulation.shop.book)
    return {name: wrong[name] for name in FAULTS}


FAULTS = (
    "wrong_state",
    "duplicates",
    "outside_hours",
    "over_limit",
    "incomplete",
    "unclosed",
    "separate",
)


def words_known(db: Database) -> dict[str, tuple[int, str, dict[str, Any]]]:
    """What each reference tells: its order, the kind and the facts of its notice, wherever it was
    said."""
    with db.read() as session:
        rows = session.execute(
            select(Message.reference, Order.remote_id, Notice.kind, Notice.facts)
            .join(Order, Order.id == Message.order_id)
            .join(
                Notice,
                (Notice.order_id == Message.order_id)
                & (Notice.message_id == func.coalesce(Message.carried_by_id, Message.id)),
            )
        ).all()
    return {reference: (order_id, kind, facts) for reference, order_id, kind, facts in rows}


def separate(book: list[Said]) -> int:
    """How many messages to one customer, begun at one moment, could have been another one's part.
    What is said again later, because nobody knows whether it was said, stays as it was written."""
    sizes: dict[tuple[str, datetime], list[int]] = defaultdict(list)
    for said in book:
        sizes[said.address, said.tried_at].append(len(REFERENCE.findall(said.text)))
    return sum(len(of) - -(-sum(of) // MOST_ORDERS) for of in sizes.values())


def is_complete(said: Said, order_id: int, kind: str, facts: dict[str, Any]) -> bool:
    """Its order, whom to ask, and for a delay the day on which it is expected now."""
    told = [
        part for part in said.text.split("\n\n") if re.search(rf"(?<!\d){order_id}(?!\d)", part)
    ]
    named = bool(told) and SETTINGS["contact"] in said.text  # type: ignore[operator]
    if kind == "closed" or not named:
        return named
    day = datetime.fromisoformat(str(facts["expected_on"])).day
    return names_day(said.text if len(REFERENCE.findall(said.text)) == 1 else told[0], day)


def names_day(text: str, day: int) -> bool:
    """Whether a day of the month stands in a text, in Latin or Arabic digits."""
    arabic = str(day).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    return any(re.search(rf"(?<!\d){one}(?!\d)", text) for one in (str(day), arabic))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked, begun = parser.parse_args(), time.monotonic()
    with fresh_world() as world:
        simulation = Simulation(world, asked.orders, random.Random(asked.seed))
        simulation.run()
        book = simulation.shop.book
        words = sum(len(REFERENCE.findall(said.text)) for said in book)
        result = {"orders": asked.orders, "notices": words, "messages": len(book)}
        result |= judge(simulation, world.services.db)
        result |= {"kills": simulation.kills, "seconds": round(time.monotonic() - begun)}
    bad = sum(result[name] for name in FAULTS)
    return finish(result, good=not bad and result["notices"] > asked.orders // 20)


if __name__ == "__main__":
    raise SystemExit(main())
