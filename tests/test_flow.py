"""From a webhook to a mail in the shop, every step run twice: nothing happens twice."""

from __future__ import annotations

from datetime import timedelta

import pypdfium2
import pytest
import requests

from app.adapters.pdf import PdfRenderer
from app.db.documents import Document, DocumentFile
from app.db.inbox import InboxRow
from app.db.notices import Message, Notice
from app.db.orders import Order
from app.factory import create_app
from tests.world import START, World


@pytest.fixture
def press(renderer: PdfRenderer) -> PdfRenderer:
    return renderer


def pdf_text(data: bytes) -> str:
    pdf = pypdfium2.PdfDocument(data)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in pdf)
    finally:
        pdf.close()


def customer_notes(world: World, order_id: int) -> list[str]:
    return [note["note"] for note in world.shop.notes_of(order_id) if note["customer_note"]]


def test_an_order_becomes_an_invoice_in_the_customers_hands(a_world: World) -> None:
    store = a_world.connect()
    with a_world.serving(store):
        order_id = a_world.shop.place_order("FR", items=[("BOOK-FR", 3)], coupon="ten-prozent")
        assert a_world.shop.deliveries.wait_idle(10)
    for _ in range(2):
        a_world.work()
    (document,) = a_world.all(Document)
    (file,) = a_world.all(DocumentFile)
    assert document.number == "2026-00001"
    text = pdf_text(a_world.services.files.load(file.path))
    assert "2026-00001" in text and "Zoë D’Aubigné" in text and str(order_id) in text
    (note,) = customer_notes(a_world, order_id)
    assert "2026-00001" in note
    (message,) = a_world.all(Message)
    assert message.fate == "mailed" and message.reference in note
    (mail,) = a_world.shop.mails.values()
    assert mail["to"] == "zoe@client.example"


def test_the_link_in_the_note_opens_the_invoice_and_a_changed_one_does_not(
    sqlite_world: World,
) -> None:
    store = sqlite_world.connect()
    with sqlite_world.serving(store):
        order_id = sqlite_world.shop.place_order("DE")
        assert sqlite_world.shop.deliveries.wait_idle(10)
    sqlite_world.work()
    (note,) = customer_notes(sqlite_world, order_id)
    path = note.split('href="')[1].split('"')[0].partition("/d/")[2]
    client = create_app(services=sqlite_world.services).test_client()
    answer = client.get(f"/d/{path}")
    assert answer.status_code == 200 and answer.mimetype == "application/pdf"
    assert "2026-00001" in pdf_text(answer.data)
    assert answer.headers["Cache-Control"] == "private, no-store"
    for wrong in (
        path[:-2] + ("A" if path[-2] != "A" else "B") + path[-1],
        "1",
        "x" * 5000,
        path.split(".")[0],
    ):
        assert client.get(f"/d/{wrong}").status_code == 404
    sqlite_world.clock.pass_(days=4 * 365)
    assert client.get(f"/d/{path}").status_code == 404


def test_a_late_order_is_noticed_and_told_once(a_world: World) -> None:
    store = a_world.connect()
    with a_world.serving(store):
        late = a_world.shop.place_order("GB", created_at=START - timedelta(days=9))
        in_time = a_world.shop.place_order("DE")
        assert a_world.shop.deliveries.wait_idle(10)
    for _ in range(3):
        a_world.work()
        a_world.clock.pass_(hours=13)
    (notice,) = [n for n in a_world.all(Notice) if n.kind == "delayed"]
    assert notice.facts["promised_on"] == "2026-11-20"
    notes = [note for note in customer_notes(a_world, late) if "late" in note]
    assert len(notes) == 1 and "Friday" in notes[0] and "20 November 2026" in notes[0]
    assert not [note for note in customer_notes(a_world, in_time) if "spät" in note.lower()]


def test_an_order_becomes_late_with_time_and_not_before(sqlite_world: World) -> None:
    store = sqlite_world.connect()
    with sqlite_world.serving(store):
        order_id = sqlite_world.shop.place_order("GB")
        assert sqlite_world.shop.deliveries.wait_idle(10)
    sqlite_world.work()
    (order,) = sqlite_world.all(Order)
    sqlite_world.clock.at = order.next_check_at - timedelta(seconds=1)
    sqlite_world.work()
    assert len(customer_notes(sqlite_world, order_id)) == 1
    sqlite_world.clock.at = order.next_check_at
    sqlite_world.work()
    assert len(customer_notes(sqlite_world, order_id)) == 1  # it is midnight where they live
    sqlite_world.clock.pass_(hours=10)
    sqlite_world.work()
    assert len(customer_notes(sqlite_world, order_id)) == 2


def test_no_delay_notice_leaves_once_the_order_was_shipped_or_cancelled(
    sqlite_world: World,
) -> None:
    """The shop's newest word counts, also where its webhook never came."""
    world = sqlite_world
    store = world.connect()
    with world.serving(store):
        orders = [
            world.shop.place_order("GB", created_at=START - timedelta(days=9)) for _ in range(4)
        ]
        assert world.shop.deliveries.wait_idle(10)
        world.shop.set_cron("asleep")
        world.shop.add_tracking(orders[0], "X1")
        world.shop.set_status(orders[1], "cancelled")
        world.shop.set_status(orders[2], "completed")
        world.shop.set_status(orders[3], "refunded")
    world.work()
    dropped = [n for n in world.all(Notice) if n.kind == "delayed"]
    assert len(dropped) == 4 and all(n.dropped for n in dropped)
    for order_id in orders:
        assert not [note for note in customer_notes(world, order_id) if "late" in note]


def test_a_message_that_the_shop_took_without_answering_is_adopted(sqlite_world: World) -> None:
    world = sqlite_world
    store = world.connect()
    with world.serving(store):
        order_id = world.shop.place_order("US")
        assert world.shop.deliveries.wait_idle(10)
        world.shop.faults.on_rest("act_then_close", method="POST", path="notes")
        world.work()
        assert len(customer_notes(world, order_id)) == 1
        (message,) = world.all(Message)
        assert message.state == "due" and "did not answer" in message.problem
        world.clock.pass_(minutes=1)
        world.work()
    (message,) = world.all(Message)
    assert message.fate == "mailed"
    assert len(customer_notes(world, order_id)) == 1
    assert len(world.shop.mails) == 1


def test_what_the_mailer_said_is_kept(sqlite_world: World) -> None:
    world = sqlite_world
    store = world.connect()
    world.shop.smtp_is_down = True
    with world.serving(store):
        world.shop.place_order("US")
        assert world.shop.deliveries.wait_idle(10)
    world.work()
    world.clock.pass_(minutes=15)
    world.work()
    (message,) = world.all(Message)
    assert message.fate == "failed" and "failed to send" in message.mailer_said


def test_the_demo_shop_shows_the_mail_as_sent(sqlite_world: World) -> None:
    world = sqlite_world
    store = world.connect()
    with world.serving(store):
        world.shop.place_order("JP", currency="JPY", items=[("TEA-JP", 2)])
        assert world.shop.deliveries.wait_idle(10)
        world.work()
        page = requests.get(f"{world.shop_url}/mails", timeout=5)
    assert page.status_code == 200 and "hanako@kyaku.example" in page.text
    (row,) = [r for r in world.all(InboxRow) if r.topic == "order.created"]
    assert row.state == "done"
