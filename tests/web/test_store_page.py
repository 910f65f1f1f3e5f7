"""The page of a shop, and what the first page says of one that is broken."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from app.db import diagnoses, reconciling
from app.db.stores import store_by_name
from app.domain.diagnosis import ShopFacts
from app.domain.findings import WORDS, Finding
from app.usecases.diagnose_store import FACTS
from tests.web.site import RTL, SCRIPT, Site, post

MORE = ("minutes", "number", "topics", "address", "oldest", "before", "now", "target")


def found(site: Site, findings: Sequence[Finding]) -> None:
    """As if the doctor had just looked."""
    with site.services.db.write() as session:
        store = store_by_name(session, "tea")
        assert store
        row = diagnoses.of_store(session, store.id)
        assert row
        facts = ShopFacts("tea", store.url, woocommerce="11.0.1")
        row.facts, row.findings = FACTS.dump_python(facts, mode="json"), []
        row.findings = [one.as_row() for one in findings]
        row.examined_at = row.diagnosed_at = site.clock()


def finding(check: str, said: str = "said") -> Finding:
    return Finding(check, dict.fromkeys((*MORE, "store", "url"), "X") | {"said": said})


def test_a_shop_that_was_never_looked_at_says_so(site: Site) -> None:
    text = site.client("reader").get("/stores/tea").text
    assert "<h1>This shop has not been looked at yet.</h1>" in text
    assert "Look now" not in text, "readers look, agents act"


def test_a_healthy_shop_has_one_calm_line(site: Site) -> None:
    found(site, [])
    text = site.client("agent").get("/stores/tea").text
    assert "<h1>All is well with this shop.</h1>" in text and "Look now" in text


def test_what_is_broken_needs_someone_and_stands_on_the_first_page(site: Site) -> None:
    found(site, [finding("note_mail"), finding("hpos")])
    client = site.client("reader")
    page, first = client.get("/stores/tea").text, client.get("/").text
    assert "1 thing is broken between us and this shop." in page
    for text in (page, first):
        assert "“Customer note” is switched off." in text and "Switch it on" in text
    assert "HPOS" in page and "HPOS" not in first, "a warning can wait"
    assert 'href="/stores/tea"' in first


def test_words_of_a_shop_are_text_and_nothing_else(site: Site) -> None:
    found(site, [finding("unreachable", SCRIPT), finding("moved", SCRIPT + RTL)])
    client = site.client("reader")
    for path in ("/", "/stores/tea"):
        assert SCRIPT not in client.get(path).text


@pytest.mark.parametrize(
    ("language", "word"), [("de", "gestört"), ("fr", "en panne"), ("ja", "障害")]
)
def test_every_finding_is_said_in_each_language(site: Site, language: str, word: str) -> None:
    found(site, [finding(check) for check in WORDS])
    answer = site.client("reader").get("/stores/tea", headers={"Accept-Language": language})
    assert word in answer.text and "%(" not in answer.text
    assert "Without this no order" not in answer.text


def test_looking_now_asks_the_shop_and_comes_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = site.client("agent")
    answer = post(client, "/stores/tea/check")
    assert answer.headers["Location"] == "/stores/tea"
    assert "does not answer at https://tea.example" in client.get("/stores/tea").text


def test_an_unknown_shop_is_not_there(site: Site) -> None:
    client = site.client("agent")
    assert client.get("/stores/coffee").status_code == 404
    assert post(client, "/stores/coffee/check").status_code == 404


def test_a_shop_is_looked_after_from_the_moment_it_is_registered(site: Site) -> None:
    with site.services.db.read() as session:
        store = store_by_name(session, "tea")
        assert store and diagnoses.of_store(session, store.id)
        assert reconciling.of_store(session, store.id)
