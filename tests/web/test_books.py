"""The documents page: found by what people know, taken out whole, made and taken back by hand."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from app.adapters.pdf import PdfRenderer
from app.db.audit_trail import AuditEntry
from app.db.document_search import Wanted
from app.db.documents import Document
from app.db.orders import Order
from app.db.stores import Store
from app.domain.datev import COLUMNS
from app.domain.invoice import DocumentKind
from app.factory import create_app
from app.usecases.ask_document import ask_document, issue_asked
from app.usecases.export_documents import export_csv, export_datev, harmless
from app.usecases.manage_people import add_person
from app.usecases.manage_stores import save_settings
from app.usecases.sign_in import make_link
from app.web.safety import limiter
from tests.web.site import post
from tests.world import World


@pytest.fixture
def press(renderer: PdfRenderer) -> PdfRenderer:
    return renderer


@pytest.fixture
def shop(sqlite_world: World) -> Iterator[World]:
    """A live shop with three invoices (DE, FR, JP) and one credit note."""
    world = sqlite_world
    store = world.connect()
    with world.serving(store):
        placed = [world.shop.place_order(country) for country in ("DE", "FR", "JP")]
        assert world.shop.deliveries.wait_idle(20)
        world.work()
        world.shop.refund(placed[0], "2.00")
        assert world.shop.deliveries.wait_idle(20)
        world.work()
        yield world


@pytest.fixture
def app(shop: World) -> Flask:
    made = create_app(services=shop.services)
    limiter.reset()
    return made


def client(app: Flask, world: World, role: str = "owner") -> FlaskClient:
    email = f"{role}@kikubari.example"
    add_person(world.services.db, email, role, who="test", now=world.clock())
    token = make_link(world.services.db, email, who="test", now=world.clock())
    visitor = app.test_client()
    assert post(visitor, f"/sign-in/{token}").status_code == 302
    return visitor


def numbers(world: World) -> list[str]:
    return [one.number for one in world.all(Document)]


def test_documents_are_found_by_what_people_know(app: Flask, shop: World) -> None:
    visitor = client(app, shop)
    first, *_, note = shop.all(Document)
    buyer = first.body.buyer
    for words in (first.number, buyer[:5].lower(), f"{first.total}"):
        page = visitor.get("/documents", query_string={"q": words}).text
        assert first.number in page, words
    page = visitor.get("/documents?kind=credit_note").text
    assert note.number in page and first.number not in page
    assert first.number not in visitor.get("/documents?since=2030-01-01").text


@pytest.mark.parametrize("words", ["%", "_", "'", "\\", "😀", "x" * 2_000, "1e999", "٣"])
def test_no_search_words_do_harm(app: Flask, shop: World, words: str) -> None:
    answer = client(app, shop).get("/documents", query_string={"q": words})
    assert answer.status_code == 200 and shop.all(Document)[0].number not in answer.text


@pytest.mark.parametrize("before", ["²", "٣", "-1", "9" * 40])
def test_a_page_that_is_no_number_is_the_first(app: Flask, shop: World, before: str) -> None:
    answer = client(app, shop).get("/documents", query_string={"before": before})
    assert answer.status_code == 200


def test_the_zip_holds_every_file_as_it_is_kept(app: Flask, shop: World) -> None:
    answer = client(app, shop).get("/documents/export/zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    files = [name for name in archive.namelist() if name.endswith(".pdf")]
    assert (
        len(files) + archive.read("missing.txt").count(b"\n") == 4
        if ("missing.txt" in archive.namelist())
        else len(files) == 4
    )
    assert all(archive.read(name).startswith(b"%PDF") for name in files)
    assert len(archive.read("documents.csv").splitlines()) >= 5
    assert shop.count(AuditEntry, action="document.export.zip") == 1


def test_the_table_adds_up_to_what_was_charged(app: Flask, shop: World) -> None:
    answer = client(app, shop).get("/documents/export/csv")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["number"] for row in rows] == numbers(shop)
    for row, document in zip(rows, shop.all(Document), strict=True):
        assert float(row["net"]) + float(row["tax"]) == pytest.approx(float(document.total))


def test_a_buyers_name_is_no_formula(shop: World) -> None:
    """A spreadsheet that opens the table runs nothing."""
    store = shop.all(Store)[0]
    evil = {"billing": {"first_name": "=HYPERLINK(1)", "last_name": "", "country": "DE"}}
    shop.shop.place_order({**evil["billing"], "address_1": "A 1", "city": "B", "postcode": "1"})
    assert shop.shop.deliveries.wait_idle(20)
    shop.work()
    table = b"".join(export_csv(shop.services.db, Wanted(store.id))).decode()
    assert "'=HYPERLINK(1)" in table and ",=HYPERLINK" not in table


@pytest.mark.parametrize("name", ["=1+1", "@SUM(1)", "-1+1", "\n=1", "＝1+1"])
def test_no_formula_gets_into_the_table(name: str) -> None:
    assert harmless(name) == f"'{name}"


@pytest.mark.parametrize("value", ["", "-3.00", "12", "Müller, Anna"])
def test_what_is_no_formula_stands_as_it_is(value: str) -> None:
    assert harmless(value) == value


def test_copies_are_not_called_left_out_of_the_books(app: Flask, shop: World) -> None:
    """What DATEV leaves out are documents without an exchange rate: a packing slip is none."""
    s, remote_id = shop.services, shop.all(Order)[0].remote_id
    asked = ask_document(
        s.db, "tea", remote_id, DocumentKind.PACKING_SLIP, who="anna", now=shop.clock()
    )
    issue_asked(s.db, s.shop, s.clock, s.gate, asked, shop.turn)
    store, day = shop.all(Store)[0], shop.clock().date()
    made = export_datev(s.db, store, Wanted(store.id), day, day, shop.clock())
    money = [one for one in shop.all(Document) if one.kind in ("invoice", "credit_note")]
    foreign = [one.number for one in money if one.currency != "EUR"]
    assert made.left_out == foreign
    assert made.documents == len(money) - len(foreign)


def test_datev_gets_a_line_for_each_tax_of_each_document(app: Flask, shop: World) -> None:
    visitor = client(app, shop)
    period = {"store": "tea", "since": "2026-11-01", "until": "2026-11-30"}
    answer = visitor.get("/documents/export/datev", query_string=period)
    head, titles, *lines = answer.data.decode("cp1252").split("\r\n")[:-1]
    assert head.startswith('"EXTF";700;21;"Buchungsstapel";13;')
    assert titles.split(";") == list(COLUMNS)
    rows = [dict(zip(COLUMNS, line.split(";"), strict=True)) for line in lines]
    euros = [one for one in shop.all(Document) if one.currency == "EUR"]
    assert {row["Belegfeld 1"].strip('"') for row in rows} == {one.number for one in euros}
    note = next(row for row in rows if "CN-" in row["Belegfeld 1"])
    assert note["Soll/Haben-Kennzeichen"] == '"H"' and note["Belegdatum"] == "2311"
    assert answer.headers["Content-Disposition"].endswith('EXTF_tea_20261101-20261130.csv"')
    with_no_shop = visitor.get("/documents/export/datev")
    assert with_no_shop.status_code == 302


def test_an_owner_takes_an_invoice_back_by_typing_its_number(app: Flask, shop: World) -> None:
    visitor, invoice = client(app, shop), shop.all(Document)[1]
    path = f"/documents/{invoice.id}/take-back"
    post(visitor, path, confirm="something", again="yes")
    assert len(numbers(shop)) == 4
    post(visitor, path, confirm=invoice.number, reason="Wrong name", again="yes")
    *_, credit, again = shop.all(Document)
    assert (credit.kind, credit.refers_to_id, again.kind) == ("credit_note", invoice.id, "invoice")
    page = visitor.get(f"/orders/tea/{again.content['order_number']}").text
    assert again.number in page and "Wrong name" in str(credit.content)


def test_staff_make_a_packing_slip_and_no_invoice(app: Flask, shop: World) -> None:
    visitor, order = client(app, shop, "agent"), shop.all(Document)[1].content["order_number"]
    path = f"/orders/tea/{order}/documents"
    assert post(visitor, path, kind="invoice").status_code == 403
    assert post(visitor, path, kind="packing_slip").status_code == 302
    assert shop.all(Document)[-1].kind == "packing_slip"
    assert post(visitor, path, kind="credit_note").status_code == 403


def test_an_invoice_carries_its_machine_readable_twin_where_its_owner_wants_it(
    app: Flask, shop: World
) -> None:
    wanted = {"invoicing": {"einvoice": "all"}}
    save_settings(shop.services.db, "tea", wanted, who="test", now=shop.clock())
    shop.shop.place_order("DE")
    assert shop.shop.deliveries.wait_idle(20)
    shop.work()
    document = shop.all(Document)[-1]
    visitor = client(app, shop)
    pdf = visitor.get(f"/documents/{document.id}.pdf").data
    attached = PdfReader(io.BytesIO(pdf)).attachments
    assert document.number.encode() in attached["factur-x.xml"][0]
    for syntax, root in (("cii", b"CrossIndustryInvoice"), ("ubl", b"Invoice")):
        answer = visitor.get(f"/documents/{document.id}/{syntax}.xml")
        assert answer.mimetype == "application/xml" and root in answer.data
        assert document.number.encode() in answer.data
    assert visitor.get(f"/documents/{document.id}/html.xml").status_code == 404
