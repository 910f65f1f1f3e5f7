"""People and the audit, as an owner meets them."""

from __future__ import annotations

import ast
import html
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.db.audit_trail import AuditEntry
from app.db.engine import Database
from app.db.staff import Person, all_people, full_owners, person_by_email
from app.domain.scope import Scope
from app.errors import SettingsError
from app.usecases.manage_people import add_person, change_person, remove_person
from app.web.audit_words import ACTIONS
from app.web.safety import limiter
from tests.web.roles import open_second_shop, visitor
from tests.web.site import NORMAL, PEOPLE, START, Site, post

ROOT = Path(__file__).resolve().parents[2]
WRITERS = {"audit", "audit_once", "saw", "note_sight"}


@pytest.fixture(autouse=True)
def _patient() -> Iterator[None]:
    """Rate limits have tests of their own."""
    limiter.enabled = False
    yield
    limiter.enabled = True


def person(site: Site, email: str) -> Person:
    with site.services.db.read() as session:
        found = person_by_email(session, email)
    assert found, email
    return found


def link_in(answer: Any) -> str:
    found = re.search(r'value="http[^"]+(/sign-in/[^"]+)"', answer.text)
    assert found
    return html.unescape(found[1])


def trail(site: Site, action: str) -> list[AuditEntry]:
    with site.services.db.read() as session:
        query = select(AuditEntry).where(AuditEntry.action == action)
        return list(session.scalars(query.order_by(AuditEntry.position)))


def flashed(client: FlaskClient, path: str = "/people") -> str:
    return str(client.get(path).text)


def test_somebody_is_added_with_a_link_that_is_shown_once(site: Site) -> None:
    owner = site.client("owner")
    answer = post(owner, "/people", email="New@Tea.example", role="agent", sees="all")
    path = link_in(answer)
    newcomer = site.app.test_client()
    assert post(newcomer, path).status_code == 302
    assert newcomer.get("/").status_code == 200
    assert path not in owner.get("/people").text
    made = person(site, "new@tea.example")
    assert path not in owner.get(f"/people/{made.id}").text
    assert [one.what for one in trail(site, "staff.add")][-1] == {
        "person": made.id,
        "role": "agent",
        "stores": None,
    }


@pytest.mark.parametrize(
    "form",
    [
        {"email": "no address", "role": "agent"},
        {"email": "x@y.example", "role": "king"},
        {"email": PEOPLE["agent"], "role": "agent"},
        {"email": "x@y.example", "role": "agent", "sees": "some"},
        {"email": "x@y.example", "role": "agent", "sees": "some", "store": "99"},
        {"email": "x@y.example", "role": "agent", "sees": "some", "store": "1 OR 1"},
    ],
)
def test_what_cannot_be_added_is_said_and_changes_nothing(site: Site, form: dict[str, str]) -> None:
    with site.services.db.read() as session:
        before = len(all_people(session))
    answer = post(site.client("owner"), "/people", **form)
    assert answer.status_code == 422 and "That did not work." in answer.text
    with site.services.db.read() as session:
        assert len(all_people(session)) == before


def test_somebody_is_limited_to_a_shop(site: Site) -> None:
    open_second_shop(site)
    agent = person(site, PEOPLE["agent"])
    working = visitor(site, "agent")
    owner = visitor(site, "owner")
    post(owner, f"/people/{agent.id}", role="agent", sees="some", store="2")
    assert working.get(f"/orders/tea/{NORMAL}").status_code == 404
    assert ">coffee<" in owner.get("/people").text
    page = owner.get(f"/people/{agent.id}").text
    assert re.search(r'name="store" value="2" checked', page)
    post(owner, f"/people/{agent.id}", role="agent", sees="all")
    assert working.get(f"/orders/tea/{NORMAL}").status_code == 200


def test_the_last_owner_cannot_leave(site: Site) -> None:
    owner, me = site.client("owner"), person(site, PEOPLE["owner"])
    for path, form in (
        (f"/people/{me.id}/remove", {}),
        (f"/people/{me.id}", {"role": "agent", "sees": "all"}),
        (f"/people/{me.id}", {"role": "owner", "sees": "some", "store": "1"}),
    ):
        assert post(owner, path, **form).headers["Location"] == f"/people/{me.id}"
        assert "is the last owner of everything" in flashed(owner)
    with site.services.db.read() as session:
        assert [one.id for one in full_owners(session)] == [me.id]


def test_an_owner_of_some_shops_does_not_count_as_one_of_everything(site: Site) -> None:
    s, me = site.services, person(site, PEOPLE["owner"])
    some = Scope(frozenset({1}))
    add_person(s.db, "half@tea.example", "owner", who="test", now=site.clock(), scope=some)
    with pytest.raises(SettingsError, match="last owner"):
        remove_person(s.db, me.id, who="test", now=site.clock())


def test_of_two_owners_who_remove_each_other_at_once_one_stays(database_url: str) -> None:
    db = Database(database_url)
    ids = [
        add_person(db, f"{name}@tea.example", "owner", who="test", now=START).id
        for name in ("ann", "bob")
    ]
    ready = threading.Barrier(2)

    def go(person_id: int, *, remove: bool) -> bool:
        ready.wait(10)
        try:
            if remove:
                remove_person(db, person_id, who="test", now=START)
            else:
                change_person(db, person_id, "reader", Scope(), who="test", now=START)
        except SettingsError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(go, ids[0], remove=True)
        second = pool.submit(go, ids[1], remove=False)
        assert sorted([first.result(30), second.result(30)]) == [False, True]
    with db.read() as session:
        assert len(full_owners(session)) == 1
    db.dispose()


def test_who_was_removed_keeps_their_id_on_the_audit(site: Site) -> None:
    owner, agent = site.client("owner"), person(site, PEOPLE["agent"])
    post(owner, f"/people/{agent.id}/remove")
    assert PEOPLE["agent"] not in re.sub(r'role="status".*', "", owner.get("/people").text)
    assert owner.get(f"/people/{agent.id}").status_code == 404
    for path in ("", "/link", "/remove", "/reset-code"):
        assert post(owner, f"/people/{agent.id}{path}", role="agent").status_code == 404
    post(owner, "/people", email=PEOPLE["agent"], role="reader", sees="all")
    again = person(site, PEOPLE["agent"])
    assert (again.id, again.role, again.password_hash) == (agent.id, "reader", None)


@pytest.mark.parametrize("path", ["/people/99999", "/people/99999999999999999999"])
def test_somebody_who_is_not_there_is_said_calmly(site: Site, path: str) -> None:
    assert site.client("owner").get(path).status_code == 404


def test_a_hostile_address_is_text(site: Site) -> None:
    owner = site.client("owner")
    answer = post(owner, "/people", email='"><script>x</script>@y.example', role="agent")
    assert "<script>x" not in answer.text
    assert "<script>x" not in owner.get("/people").text
    assert "<script>x" not in owner.get("/audit").text


def test_the_audit_shows_the_newest_first_and_goes_back_page_by_page(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.audit.PAGE", 3)
    owner, seen = site.client("owner"), list[int]()
    path = "/audit"
    for _ in range(50):
        text = owner.get(path).text
        seen += [int(one) for one in re.findall(r'<td class="number faint">(\d+)<', text)]
        older = re.search(r'href="(/audit\?before=\d+)"', text)
        if not older:
            break
        path = older[1]
    assert seen == list(range(len(seen), 0, -1)) and len(seen) > 6


def test_the_audit_is_filtered_by_person_shop_and_action(site: Site) -> None:
    site.client("reader").get(f"/orders/tea/{NORMAL}")
    owner = site.client("owner")

    def number(query: str) -> int:
        return len(re.findall(r'<td class="number faint">', owner.get(f"/audit?{query}").text))

    assert number("action=order.see") == 1
    assert number(f"who={PEOPLE['reader']}&action=order.see&store=tea") == 1
    assert number(f"who={PEOPLE['agent']}&action=order.see") == 0
    assert number("store=tea") > 1
    assert "No entry fits." in owner.get("/audit?action=nothing").text


def test_who_saw_an_order_or_document_stands_on_it_once_a_day(site: Site) -> None:
    reader, other = site.client("reader"), site.client("agent")
    for _ in range(3):
        reader.get(f"/orders/tea/{NORMAL}")
        reader.get(f"/orders/tea/{NORMAL}/messages")
        reader.get(f"/documents/{site.document_id()}.pdf")
    other.get(f"/orders/tea/{NORMAL}")
    reader.get("/orders/tea/424242")
    seen = [(one.who, one.store_id, one.what) for one in trail(site, "order.see")]
    about = {"order": NORMAL}
    assert seen == [(PEOPLE["reader"], 1, about), (PEOPLE["agent"], 1, about)]
    assert len(trail(site, "document.open")) == 1


def test_a_page_is_shown_also_when_the_audit_cannot_be_written(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = site.client("reader")

    def full(**_: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr(site.services.db, "write", full)
    assert reader.get(f"/orders/tea/{NORMAL}").status_code == 200
    assert reader.get("/people").status_code == 403
    assert reader.get(f"/documents/{site.document_id()}.pdf").status_code == 200


def written_actions() -> set[str]:
    """Every action that the code puts on the trail; of one that is put together, its beginning."""
    found = set()
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in WRITERS:
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        found |= set(re.findall(r"^[a-z]+\.[a-z_]+(?=\.?$)", part.value))
    return found


def test_every_action_has_words_for_owners() -> None:
    used = written_actions()
    assert len(used) > 35 and used <= set(ACTIONS)
    apart = {"refused", "customer.opt_in", "customer.opt_out"}  # not written at their call
    assert set(ACTIONS) - used <= apart | {"installation.stop"}


def test_the_audit_speaks_of_people_and_shops_by_name(site: Site) -> None:
    open_second_shop(site)
    words = visitor(site, "owner").get("/audit").text
    assert "added a person" in words and "stores <bdi>coffee</bdi>" in words
    assert f"person <bdi>{PEOPLE['owner']}</bdi>" in words


def test_the_audit_holds_no_text_of_customers(site: Site) -> None:
    for role in ("reader", "agent"):
        site.client(role).get(f"/orders/tea/{NORMAL}")
    words = site.client("owner").get("/audit").text
    assert "Jürgen" not in words and "kunde" not in words.lower()


def test_navigation_offers_what_one_may_open(site: Site) -> None:
    open_second_shop(site)
    offered = {
        who: {path for path in ("/people", "/audit", "/account") if f'href="{path}"' in words}
        for who in ("owner", "agent", "owner elsewhere")
        for words in [visitor(site, who).get("/").text]
    }
    assert offered == {
        "owner": {"/people", "/audit", "/account"},
        "agent": {"/account"},
        "owner elsewhere": {"/account"},
    }


def test_an_owner_of_one_shop_finds_it_and_connects_none(site: Site) -> None:
    open_second_shop(site)
    page = visitor(site, "owner elsewhere").get("/setup").text
    assert ">coffee<" in page and ">tea<" not in page and 'name="address"' not in page


def test_a_chosen_language_counts_on_every_page(site: Site) -> None:
    reader = site.client("reader")
    post(reader, "/account/language", language="ja")
    assert 'lang="ja"' in reader.get("/").text
    assert post(reader, "/account/language", language="xx").status_code == 404
