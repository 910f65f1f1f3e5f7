"""Notes and the mails that they become (recordings, 20, 21 and 25)."""

from collections.abc import Iterator

import pytest

from app.demo.rest import create_app
from app.demo.shop import DemoShop

from .recorded import scenarios, transcript, transcript_names

TEXTS = [n for n in transcript_names() if n.startswith("notes_post_text")]
TEXTS += ["notes_post_customer", "notes_post_private"]


@pytest.fixture
def shop() -> Iterator[DemoShop]:
    shop = DemoShop()
    yield shop
    shop.close()


@pytest.mark.parametrize("name", TEXTS)
def test_a_note_is_kept_as_recorded(shop: DemoShop, name: str) -> None:
    exchange = transcript(name)
    note = shop.add_note(shop.place_order("DE"), exchange["request"]["body"]["note"])
    assert note["note"] == exchange["response"]["json"]["note"]


def test_the_private_note_of_the_mailer_looks_as_recorded(shop: DemoShop) -> None:
    order = shop.place_order("DE")
    shop.add_note(order, "late", customer=True)
    newest, sent = shop.notes_of(order)[:2]
    recorded = next(n for n in transcript("notes_list")["response"]["json"] if n["id"] == 175)
    for field in ("note", "author", "customer_note"):
        assert newest[field] == recorded[field]
    assert newest["id"] == sent["id"] + 1


def test_with_smtp_down_the_failure_is_told_as_recorded(shop: DemoShop) -> None:
    shop.smtp_is_down = True
    order = shop.place_order("DE")
    shop.add_note(order, "late", customer=True)
    recorded = transcript("notes_list_order_34")["response"]["json"]
    failed = next(n["note"] for n in recorded if "Customer note" in n["note"])
    assert shop.notes_of(order)[0]["note"] == failed
    assert not shop.mails


@pytest.mark.parametrize("why", ["no address", "switched off"])
def test_without_address_or_switched_off_nothing_is_said(shop: DemoShop, why: str) -> None:
    if why == "switched off":
        shop.change_setting("email_customer_note", "enabled", "no")
    order = shop.place_order("DE", email="" if why == "no address" else None)
    before = len(shop.notes_of(order))
    shop.add_note(order, "late", customer=True)
    assert len(shop.notes_of(order)) == before + 1
    assert not shop.mails


def test_the_mail_has_the_recorded_subject_and_frame(shop: DemoShop) -> None:
    order = shop.place_order("DE")
    shop.add_note(order, "Eins\n\nzwei https://x.example/a?b=1 & <b>drei</b>", customer=True)
    (mail,) = shop.mails.values()
    recorded = scenarios()["rest_note_customer"]["mails"][0]
    assert mail["subject"] == recorded["subject"]
    assert mail["heading"] == "A note has been added to your order"
    assert "<p>Hi Jürgen,</p>" in mail["html"]
    assert "The following note has been added to your order:" in mail["html"]
    assert "<blockquote><p>Eins</p>" in mail["html"]
    assert '<a href="https://x.example/a?b=1">' in mail["html"]
    assert "<b>drei</b>" in mail["html"]
    assert mail["html"].count("<address>") == 2


def test_subject_and_heading_follow_their_settings(shop: DemoShop) -> None:
    shop.change_setting("email_customer_note", "subject", "News about {order_number}")
    order = shop.place_order("DE")
    shop.add_note(order, "x", customer=True)
    assert shop.mails[1]["subject"] == f"News about {order}"


def test_the_same_note_twice_is_two_notes_and_two_mails(shop: DemoShop) -> None:
    order = shop.place_order("DE")
    shop.add_note(order, "x", customer=True)
    shop.add_note(order, "x", customer=True)
    assert len(shop.notes_of(order, "customer")) == 2
    assert len(shop.mails) == 2


HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '<a href="javascript:alert(1)">x</a>',
    '"><svg onload=alert(1)>',
    "</iframe><script>alert(1)</script>",
    "<style>*{display:none}</style>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_note_stays_inside_its_sandboxed_frame(shop: DemoShop, text: str) -> None:
    order = shop.place_order({"first_name": text, "email": "x@kunde.example"}, shipping=None)
    shop.add_note(order, text, customer=True)
    client = create_app(shop).test_client()
    for path in ("/", "/mails", "/mails/1"):
        answer = client.get(path)
        page = answer.get_data(as_text=True)
        assert "<script" not in page.lower()
        assert "<svg" not in page.lower()
        assert "<img" not in page.lower()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    frame = page[page.index("<iframe") :]
    assert "sandbox=" in frame[: frame.index("srcdoc")]
    assert "allow-scripts" not in frame
    assert "allow-same-origin" not in frame
    assert "<" not in frame[len("<iframe") : frame.index('" title=')]
    stored = shop.notes_of(order, "customer")[0]["note"].lower()
    for word in ("<script", "<style", "<svg", "onerror", "onload", "javascript:"):
        assert word not in stored
