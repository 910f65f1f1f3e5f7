"""The page of an order whose customer the shop erased says so, since when, and what remains."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from app.factory import create_app
from app.i18n import format_day
from app.usecases.add_note import Note, add_note
from app.usecases.manage_people import add_person
from app.usecases.sign_in import make_link
from app.web.safety import limiter
from tests.usecases.test_telling import buy_late, settle, shop_of
from tests.web.site import post
from tests.world import World

WHO = "owner@tea.example"
SAID = {
    "en": ("The shop erased the customer's data", "the law wants them kept until"),
    "de": ("Der Shop hat die Daten des Kunden gelöscht", "Das Gesetz verlangt"),
    "fr": ("La boutique a effacé les données du client", "la loi exige"),
    "ja": ("ショップがお客様のデータを消去しました", "法律により"),
}


@pytest.fixture
def erased(sqlite_world: World) -> Iterator[tuple[FlaskClient, int]]:
    """An owner who looks, and the order that they look at."""
    world, s = sqlite_world, sqlite_world.services
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
        note = Note("Aktenknirp", in_shop=False, request="n", who=WHO)
        add_note(s.db, s.shop, "tea", order, note, world.clock())
        world.clock.pass_(days=2)
        world.shop.erase_personal_data(order)
        settle(world)
    add_person(s.db, WHO, "owner", who="test", now=world.clock())
    limiter.reset()
    client = create_app(services=s).test_client()
    token = make_link(s.db, WHO, who="test", now=world.clock())
    assert post(client, f"/sign-in/{token}").status_code == 302
    yield client, order


@pytest.mark.parametrize("language", list(SAID))
def test_the_page_says_so_in_the_readers_language(
    erased: tuple[FlaskClient, int], language: str
) -> None:
    client, order = erased
    page = client.get(f"/orders/tea/{order}", headers={"Accept-Language": language})
    assert page.status_code == 200
    text = re.sub(r"\s+", " ", page.text)
    for words in SAID[language]:
        assert words in text, words
    assert "Aktenknirp" not in text and "[deleted]" not in text and "site.invalid" not in text


def test_it_names_the_days_and_offers_nothing_that_needs_a_customer(
    erased: tuple[FlaskClient, int], sqlite_world: World
) -> None:
    client, order = erased
    text = re.sub(r"\s+", " ", client.get(f"/orders/tea/{order}").text)
    assert f"since {format_day(sqlite_world.clock().date(), 'en')} nothing here says who" in text
    for offered in ("Write to the customer", "Give a coupon", "Send the invoice again"):
        assert offered not in text
    for kept in ("Add a private note", "What happened", "PDF", "the shop erased the customer"):
        assert kept in text
    of_customer = f"/orders/tea/{order}/customer"
    for path in ("/", "/inbox", "/documents", f"/search?q={order}", of_customer):
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        assert "site.invalid" not in answer.text and "[deleted]" not in answer.text


def test_the_previews_of_its_messages_open_too(erased: tuple[FlaskClient, int]) -> None:
    client, order = erased
    assert client.get(f"/orders/tea/{order}/messages").status_code == 200
