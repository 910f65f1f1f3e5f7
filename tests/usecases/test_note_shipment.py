"""What staff know of a parcel: kept with its author, and never told to the shop."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from app.cli import output
from app.cli.__main__ import main
from app.db.audit_trail import AuditEntry
from app.db.notices import Message
from app.db.orders import Order, OrderEvent
from app.db.shipments import Shipment, parcels_of_order
from app.db.stores import Store
from app.domain.parcel import Parcel, ParcelState, Source
from app.errors import KikubariError
from app.usecases.note_shipment import Word, note_shipment
from app.usecases.watch_shipments import watch_due
from tests.recorded import named
from tests.usecases.test_shipments import order_comes
from tests.world import World

REMOTE_ID = named("de_guest_paid").payload["id"]


@pytest.fixture
def tea(a_world: World) -> World:
    """A live shop with a paid order that waits for its parcel."""
    payload = named("de_guest_paid").payload
    a_world.shop.load_recorded(payload)
    order_comes(a_world, a_world.connect(), payload)
    assert a_world.all(Order)[0].next_check_at is not None
    return a_world


def note(world: World, word: Word = Word.SHIPPED, **said: str) -> tuple[Parcel, ...]:
    s, now = world.services, world.clock()
    return note_shipment(s.db, "tea", REMOTE_ID, word, who="ann@tea.example", now=now, **said)


def test_a_noted_parcel_ends_the_watch_and_the_shop_is_not_told(tea: World) -> None:
    before = json.dumps(tea.shop.orders[REMOTE_ID], default=str)
    (parcel,) = note(tea, carrier="DHL", number="00340434161094015902")
    assert (parcel.source, parcel.carrier_key) == (Source.STAFF, "dhl")
    assert parcel.link.startswith("https://www.dhl.de/")
    (order,) = tea.all(Order)
    assert order.shipped_at == tea.clock() and order.next_check_at is None
    assert json.dumps(tea.shop.orders[REMOTE_ID], default=str) == before
    assert tea.all(OrderEvent)[-1].facts["who"] == "ann@tea.example"
    entry = tea.all(AuditEntry)[-1]
    assert (entry.action, entry.what) == (
        "shipment.note",
        {"order": REMOTE_ID, "word": "shipped"},
    )


def test_no_delay_notice_is_sent_after_it(tea: World) -> None:
    tea.clock.pass_(days=9)
    note(tea)
    before = tea.count(Message)
    tea.work()
    assert tea.count(Message) == before


def test_a_delay_notice_that_was_decided_before_does_not_leave(tea: World) -> None:

    tea.clock.pass_(days=9)
    watch_due(tea.services.db, tea.clock, limit=5)
    late = tea.all(Message)[-1]
    assert late.state == "due"
    note(tea)
    tea.work()
    assert (tea.all(Message)[-1].state, tea.all(Message)[-1].sent_at) == ("dropped", None)


def test_what_was_noted_outlives_what_the_shop_says_next(tea: World) -> None:
    note(tea, number="77")
    tea.clock.pass_(hours=1)
    tea.shop.update_order(REMOTE_ID, {"customer_note": "ring twice"})
    (store,) = tea.all(Store)
    order_comes(tea, store, tea.services.shop(store).order(REMOTE_ID))
    (order,) = tea.all(Order)
    assert order.shipped_at is not None and order.next_check_at is None


def test_arrived_without_a_number_is_about_the_parcels_that_are_known(tea: World) -> None:
    note(tea, number="77")
    note(tea, number="78")
    tea.clock.pass_(days=2)
    both = note(tea, Word.DELIVERED)
    assert {parcel.state for parcel in both} == {ParcelState.DELIVERED}
    assert {parcel.delivered_at for parcel in both} == {tea.clock()} and len(both) == 2


def test_what_was_noted_can_be_taken_back_and_the_order_waits_again(tea: World) -> None:
    note(tea, number="77")
    assert note(tea, Word.TAKE_BACK) == ()
    (order,) = tea.all(Order)
    assert order.shipped_at is None and order.next_check_at is not None
    assert tea.all(Shipment)[0].withdrawn_at is not None
    with tea.services.db.read() as session:
        assert parcels_of_order(session, order.id) == ()


def test_a_cancelled_or_unknown_order_has_no_parcel(tea: World) -> None:
    with tea.services.db.write() as session:
        session.get_one(Order, 1).status = "cancelled"
    with pytest.raises(KikubariError, match="is cancelled"):
        note(tea)
    s = tea.services
    with pytest.raises(KikubariError, match="has no order 9"):
        note_shipment(s.db, "tea", 9, Word.SHIPPED, who="x", now=tea.clock())


def test_what_a_person_types_is_bounded_and_cleaned(tea: World) -> None:
    (parcel,) = note(tea, carrier="\x00\u202eD" * 500, number="7" * 5000)
    assert len(parcel.carrier) <= 100 and len(parcel.tracking_number) <= 100
    assert "\u202e" not in parcel.carrier


def test_the_command_line_says_the_same(tea: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cli.shipping.services", lambda: tea.services)
    monkeypatch.setattr("app.cli.orders.services", lambda: tea.services)
    given = ["orders", "ship", "tea", str(REMOTE_ID), "--carrier", "UPS", "--tracking", "1Z 9"]
    done = CliRunner().invoke(main, [*given, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)[0]["carrier_key"] == "ups"
    shown = CliRunner().invoke(main, ["orders", "show", "tea", str(REMOTE_ID), "--json"])
    found = json.loads(shown.stdout)
    assert found["parcels"][0]["tracking_number"] == "1Z 9" and found["progress"] == "all"
    assert found["waiting"] == [] and output.WHO in json.dumps(found["events"])
