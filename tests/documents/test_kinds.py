"""What each kind of document says, and that nothing of the content is left out."""

from __future__ import annotations

from decimal import Decimal

import pypdfium2
import pytest

from app.adapters.document_layout import INK, layout_of
from app.adapters.document_widths import readable
from app.adapters.pdf import PdfRenderer
from app.domain.invoice import Design, DocumentKind, Row, RowKind, Statement
from app.domain.law.countries import KNOWN
from app.domain.supply import STATEMENT_KEYS, TITLES, statement
from app.errors import RenderingFailed
from app.i18n import CUSTOMER_LANGUAGES
from tests.documents.contents import (
    ARABIC,
    CREDIT_NOTE,
    GERMAN,
    JAPANESE,
    LONG,
    PACKING_SLIP,
    UNPAID,
    document,
    line,
)
from tests.documents.test_pdf import pages, words
from tests.domain.test_law import NUMBERS, complete


def test_a_credit_note_names_its_invoice_and_why(renderer: PdfRenderer) -> None:
    text = words(renderer.render(CREDIT_NOTE))
    assert "Gutschrift GS-00004" in text
    assert "2026-000128" in text and "23.11.2026" in text
    assert "Wir schreiben Ihnen 78,00 € gut." in text
    assert "Eine Kanne kam zerbrochen an." in text
    assert "Bitte zahlen" not in text and "Bezahlt" not in text


def test_a_proforma_says_that_it_is_no_invoice(renderer: PdfRenderer) -> None:
    content = UNPAID.model_copy(update={"kind": DocumentKind.PROFORMA})
    text = words(renderer.render(content))
    assert "Proforma-Rechnung 2026-000136" in text
    assert "keine Rechnung im Sinne der Steuer" in text


def test_a_receipt_says_when_it_was_paid(renderer: PdfRenderer) -> None:
    text = words(renderer.render(document(kind=DocumentKind.RECEIPT)))
    assert "Quittung" in text and "Bezahlt am 22. November 2026." in text


def test_a_packing_slip_has_boxes_and_no_prices(renderer: PdfRenderer) -> None:
    text = words(renderer.render(PACKING_SLIP))
    assert "Bestellung 10482" in text and "Lieferung an" in text
    assert text.count("☐") == len(PACKING_SLIP.lines)
    assert "€" not in text and "Übertrag" not in text
    assert "Bitte die Kanne doppelt einschlagen." in text


def test_every_field_of_an_invoice_is_shown(renderer: PdfRenderer) -> None:
    text = words(renderer.render(UNPAID))
    for said in (
        "Leistungsdatum",
        "24.11.2026",
        "Bitte zahlen Sie 177,16 € bis zum 7. Dezember 2026.",
        "Steuerschuldnerschaft des Leistungsempfängers (§ 13b UStG)",
        "Steuer in CHF: 21,10 CHF, zum Kurs 0,9412",
        "IBAN DE89 3704 0044 0532 0130 00",
        "BIC COBADEFFXXX · Beispielbank Berlin",
        "Verwendungszweck: 2026-000136",
        "Zum Bezahlen mit der Banking-App einlesen",
        "Diese Datei enthält die Rechnung auch als Daten",
        "Vielen Dank für Ihren Einkauf. Bis bald im Teehaus.",
    ):
        assert said in text


def test_a_paid_invoice_asks_for_no_transfer(renderer: PdfRenderer) -> None:
    assert "Überweisung an" not in words(renderer.render(UNPAID.model_copy(update={"paid": True})))


def test_a_credit_note_asks_for_no_transfer(renderer: PdfRenderer) -> None:
    content = CREDIT_NOTE.model_copy(update={"bank": UNPAID.bank, "paid": False})
    assert "Überweisung an" not in words(renderer.render(content))


def test_japans_reduced_rate_is_marked_and_explained(renderer: PdfRenderer) -> None:
    text = words(renderer.render(JAPANESE))
    assert text.count("8%※") == 2 and "10%※" not in text
    assert "8% ※" in text and "※は軽減税率対象" in text


@pytest.mark.parametrize("key", ["", "vat_magic", "<b>"])
def test_a_statement_without_a_sentence_is_refused(renderer: PdfRenderer, key: str) -> None:
    content = document(statements=(Statement(key=key),))
    with pytest.raises(RenderingFailed, match="no sentence is known") as failure:
        renderer.render(content)
    assert failure.value.retry is None and failure.value.mend


@pytest.mark.parametrize("language", CUSTOMER_LANGUAGES)
def test_each_statement_of_the_law_has_words_in_each_language(language: str) -> None:
    said = {}
    for key in STATEMENT_KEYS:
        layout = layout_of(document(language=language, statements=(Statement(key=key),)))
        assert bool(layout.statements) == (key not in TITLES)
        said[key] = layout.statements or layout.heading
    said["no statement"] = layout_of(document(language=language)).heading
    assert len(set(said.values())) == len(STATEMENT_KEYS) + 1


@pytest.mark.parametrize("language", CUSTOMER_LANGUAGES)
@pytest.mark.parametrize(
    ("key", "arabic", "latin"),
    [
        ("tax_invoice", "فاتورة ضريبية", "Tax invoice"),
        ("tax_credit_note", "إشعار دائن ضريبي", "Tax credit note"),
    ],
)
def test_the_emirates_title_is_in_words_that_their_law_knows(
    language: str, key: str, arabic: str, latin: str
) -> None:
    content = document(language=language, statements=(Statement(key=key),))
    heading = layout_of(content).heading
    assert (arabic in heading) if language == "ar" else (latin.lower() in heading.lower())
    assert content.number in heading


LANGUAGE_AND_TITLE = {
    "AE": ("ar-AE", "فاتورة"),
    "DE": ("de-DE", "Rechnung"),
    "FR": ("fr-FR", "Facture"),
    "GB": ("en-GB", "Invoice"),
    "JP": ("ja-JP", "請求書"),
    "US": ("en-US", "Invoice"),
}


def test_each_law_that_is_known_has_a_language_here() -> None:
    assert set(LANGUAGE_AND_TITLE) == set(KNOWN)


@pytest.mark.parametrize("country", KNOWN)
def test_an_invoice_of_each_laws_country_is_rendered(renderer: PdfRenderer, country: str) -> None:
    language, title = LANGUAGE_AND_TITLE[country]
    content = complete(country, language=language)
    exported = statement("export", country)
    content = content.model_copy(update={"statements": (*content.statements, exported)})
    text = words(renderer.render(content))
    for said in (content.number, *(number for _, number in NUMBERS[country])):
        assert said in text
    for word in (*title.split(), *exported.law.split()):  # Arabic is read in an order of its own
        assert word in text or (language == "ar-AE" and set(word) <= set(text))


def test_money_given_back_by_amount_is_no_fee(renderer: PdfRenderer) -> None:
    refund = Row(kind=RowKind.REFUND, amount=Decimal("5.00"))
    text = words(renderer.render(CREDIT_NOTE.model_copy(update={"lines": (), "rows": (refund,)})))
    assert "Erstatteter Betrag 5,00 €" in text and "Gebühr" not in text


@pytest.mark.parametrize(
    ("included", "order"),
    [
        (False, ("Nettobetrag", "MwSt.", "Rundung", "Gesamtbetrag")),
        (True, ("Rundung", "Gesamtbetrag", "MwSt.", "Nettobetrag")),
    ],
)
def test_rounding_stands_where_it_belongs_in_the_sum(
    renderer: PdfRenderer, included: bool, order: tuple[str, ...]
) -> None:
    rows = (*GERMAN.rows, Row(kind=RowKind.ROUNDING, amount=Decimal("0.01")))
    text = words(renderer.render(document(prices_include_tax=included, rows=rows)))
    sums = text[text.index("Zwischensumme") :]
    assert sums.count("Rundung 0,01 €") == 1
    assert [sums.index(word) for word in order] == sorted(sums.index(word) for word in order)


# sums that are carried from page to page


def test_each_page_carries_the_sum_of_the_lines_so_far(renderer: PdfRenderer) -> None:
    prices = [Decimal(n) / 10 for n in range(1, 61)]
    content = document(
        lines=tuple(line(f"Tee {n}", str(price)) for n, price in enumerate(prices)), rows=()
    )
    sheets = [" ".join(sheet.split()) for sheet in pages(renderer.render(content))]
    assert len(sheets) > 2
    carried = ""
    for number, sheet in enumerate(sheets):
        last = max(n for n in range(60) if f"Tee {n} 1 " in sheet)
        assert sheet.count("Übertrag") == (number > 0) + (number < len(sheets) - 1)
        assert carried in sheet
        so_far = f"{sum(prices[: last + 1]):.2f}".replace(".", ",")
        carried = f"Übertrag: {so_far} €"
        assert (carried in sheet) == (number < len(sheets) - 1)


def test_one_page_carries_nothing(renderer: PdfRenderer) -> None:
    assert "Übertrag" not in words(renderer.render(GERMAN))


# design


def test_too_light_an_accent_is_not_used_for_text() -> None:
    assert readable("#264B7A") and readable("#767676")
    assert not readable("#FFD800") and not readable("#7A7A7A")
    light = layout_of(document(design=Design(accent="#FFD800")))
    assert (light.accent, light.accent_text) == ("#FFD800", INK)
    assert layout_of(document(design=Design(accent="red} body{"))).accent == INK


@pytest.mark.parametrize(("page", "size"), [("A4", (595, 842)), ("Letter", (612, 792))])
def test_the_paper_is_the_shops(renderer: PdfRenderer, page: str, size: tuple[int, int]) -> None:
    pdf = pypdfium2.PdfDocument(
        renderer.render(LONG.model_copy(update={"design": Design(page=page)}))
    )
    sizes = {tuple(round(side) for side in sheet.get_size()) for sheet in pdf}
    pdf.close()
    assert sizes == {size}


def test_a_long_order_number_pushes_no_date_beside_another_term() -> None:
    pairs = [("Order", "ORD-2026-11-22-000000010482"), ("Due", None), ("Date", "1 Dec 2026")]
    terms, values = layout_of(GERMAN).facts(pairs)
    assert terms.split("\n")[0] == "Date" and values.split("\n")[0] == "1 Dec 2026"
    assert "Due" not in terms


# from right to left


def test_an_arabic_invoice_begins_at_the_right_and_keeps_its_numbers(renderer: PdfRenderer) -> None:
    layout = layout_of(ARABIC)
    assert layout.direction == "rtl"
    assert "\u2068" not in layout.title + layout.author
    pdf = pypdfium2.PdfDocument(renderer.render(ARABIC))
    text = pdf[0].get_textpage()
    where = {}
    for said in ("2026-000134", "10482", "100123456700003"):
        found = text.search(said)
        assert found.get_next(), said
        found.close()
    for said in ("الصنف", "المبلغ"):
        search = text.search(said)
        index, _ = search.get_next()
        where[said] = text.get_charbox(index)[0]
        search.close()
    text.close()
    pdf.close()
    assert where["الصنف"] > where["المبلغ"]


def test_an_arabic_name_does_not_turn_a_german_page_around(renderer: PdfRenderer) -> None:
    buyer = GERMAN.buyer.model_copy(update={"name": "ليلى حداد 12"})
    content = document(buyer=buyer, seller=GERMAN.seller.model_copy(update={"name": "بيت 7"}))
    assert "Rechnung 2026-000128" in words(renderer.render(content))
    assert layout_of(content).direction == "ltr"
