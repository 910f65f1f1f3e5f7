"""Documents as files: what they say, that they are the same each time, and that nothing gets in."""

from __future__ import annotations

import ctypes
import hashlib
import json
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.document_layout import layout_of
from app.adapters.pdf import TEMPLATES, PdfRenderer
from app.domain.invoice import DocumentContent, Tax
from app.errors import RenderingFailed
from app.i18n import CUSTOMER_LANGUAGES, customer_texts, format_day, format_money
from tests.documents.contents import (
    BY_LANGUAGE,
    CREDIT_NOTE,
    GERMAN,
    JAPANESE,
    LONG,
    PACKING_SLIP,
    UNPAID,
    document,
    line,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def renderer() -> PdfRenderer:
    return PdfRenderer()


def pages(pdf: bytes) -> list[str]:
    opened = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_bounded() for page in opened]
    finally:
        opened.close()


def words(pdf: bytes) -> str:
    """All text, with every kind of space and line end as one space."""
    return " ".join("\n".join(pages(pdf)).split())


@pytest.mark.parametrize("language", BY_LANGUAGE)
def test_a_document_holds_number_buyer_and_total(renderer: PdfRenderer, language: str) -> None:
    content = BY_LANGUAGE[language]
    text = words(renderer.render(content))
    assert content.number in text
    if layout_of(content).direction == "rtl":  # pdfium has an order of letters of its own there
        assert f"{content.total:.2f}" in text
        assert set(content.buyer.name) <= set(text)
        return
    total = format_money(content.total, content.currency, content.language, content.decimals)
    assert content.buyer.name in text
    assert " ".join(total.split()) in text
    for position in content.lines:
        assert position.name.split()[0] in text


def test_a_document_speaks_the_customers_language(renderer: PdfRenderer) -> None:
    said = {key: words(renderer.render(content)) for key, content in BY_LANGUAGE.items()}
    assert "Rechnung 2026-000128" in said["de"] and "Bezahlt am 22. November 2026." in said["de"]
    assert "Facture" in said["fr"] and "au plus tard le 7 décembre 2026" in said["fr"]
    assert "請求書" in said["ja"] and "山田 花子 様" in said["ja"]
    assert "Invoice" in said["en"] and "SPECIMEN" in said["en"]


def test_a_japanese_company_is_addressed_as_one(renderer: PdfRenderer) -> None:
    buyer = JAPANESE.buyer.model_copy(update={"name": "株式会社サンプル", "is_company": True})
    content = JAPANESE.model_copy(update={"buyer": buyer})
    assert "株式会社サンプル 御中" in words(renderer.render(content))


def test_a_language_without_catalogue_is_english_throughout(renderer: PdfRenderer) -> None:
    text = words(renderer.render(document(language="sw")))
    assert "Invoice" in text and "22 November 2026" in text


def test_only_documents_of_several_pages_are_numbered(renderer: PdfRenderer) -> None:
    assert "Seite 1" not in words(renderer.render(GERMAN))
    sheets = pages(renderer.render(LONG))
    assert len(sheets) > 2
    for number, sheet in enumerate(sheets, start=1):
        assert f"Seite {number} von {len(sheets)}" in sheet
        assert "Einzelpreis" in sheet  # the table's head is repeated
        assert "USt-IdNr.: DE811907980" in sheet  # and so is the seller's footer


@pytest.mark.parametrize("count", range(8, 18))
def test_the_total_never_stands_alone_on_a_page(renderer: PdfRenderer, count: int) -> None:
    content = document(lines=tuple(line(f"Tee {n}", "1.00", sku="x") for n in range(count)))
    last = pages(renderer.render(content))[-1]
    assert "Gesamtbetrag" in last and f"Tee {count - 1}" in last


def test_what_is_charged_without_tax_is_said(renderer: PdfRenderer) -> None:
    untaxed = Tax(label="", percent=None, net=Decimal("5"), tax=Decimal("0"))
    text = words(renderer.render(document(taxes=(untaxed,))))
    assert "Ohne Steuer: 5,00 €" in text


def test_the_same_content_gives_the_same_bytes(renderer: PdfRenderer) -> None:
    renderer.render(LONG)
    assert renderer.render(JAPANESE) == renderer.render(JAPANESE)
    here = {key: hashlib.sha256(renderer.render(d)).hexdigest() for key, d in BY_LANGUAGE.items()}
    code = (
        "import hashlib, json; from app.adapters.pdf import PdfRenderer;"
        "from tests.documents.contents import BY_LANGUAGE as all; made = PdfRenderer();"
        "print(json.dumps({k: hashlib.sha256(made.render(all[k])).hexdigest()"
        " for k in reversed(all)}))"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(elsewhere.stdout) == here
    assert elsewhere.stderr == ""


SHORTENED = (*BY_LANGUAGE.values(), UNPAID, CREDIT_NOTE, PACKING_SLIP, LONG)


@pytest.fixture
def longer_ways(renderer: PdfRenderer) -> Iterator[Callable[..., None]]:
    """Leaves out shortcuts in WeasyPrint until the end of the test."""
    renderer.warm_up()
    from app.adapters import pdf_speed

    yield pdf_speed.shorten
    pdf_speed.shorten()


def test_styles_that_begin_with_initial_values_change_no_byte(
    renderer: PdfRenderer, longer_ways: Callable[..., None]
) -> None:
    with_them = [renderer.render(content) for content in SHORTENED]
    longer_ways(styles=False)
    assert [renderer.render(content) for content in SHORTENED] == with_them


def test_plainly_drawn_rules_look_the_same(
    renderer: PdfRenderer, longer_ways: Callable[..., None]
) -> None:
    from tests.documents.pictures import DOCUMENTS, drawn
    from tests.documents.test_pictures import difference

    plainly = {name: drawn(renderer, name, 150) for name in DOCUMENTS}
    longer_ways(rules=False)
    for name, picture in plainly.items():
        # Viewers draw a thin rectangle a little stronger than a clipped one; nothing moves.
        assert difference(drawn(renderer, name, 150), picture) <= 20


def test_other_borders_are_drawn_as_before(
    tmp_path: Path, longer_ways: Callable[..., None]
) -> None:
    sides = ("border: 2pt solid", "border-left: 1pt solid", "border-top: 2pt dotted red")
    round_ones = "border-bottom: 3pt solid; border-radius: 4pt"
    rows = "".join(f'<p style="{style}">x</p>' for style in (*sides, round_ones, "columns: 2"))
    template_folder(tmp_path, f"<html><body>{rows}</body></html>")
    shortened = PdfRenderer(tmp_path).render(GERMAN)
    longer_ways(rules=False)
    assert PdfRenderer(tmp_path).render(GERMAN) == shortened


def test_the_file_names_itself_its_author_and_its_language(renderer: PdfRenderer) -> None:
    pdf = pypdfium2.PdfDocument(renderer.render(GERMAN))
    about = pdf.get_metadata_dict()
    language = (ctypes.c_ushort * 32)()
    pypdfium2.raw.FPDFCatalog_GetLanguage(pdf, language, 64)
    pdf.close()
    assert about["Title"] == "Rechnung 2026-000128"
    assert about["Author"] == "Teehaus Morgenrot"
    assert about["CreationDate"] == "D:20261123"
    assert bytes(language).decode("utf-16-le").rstrip("\0") == "de-DE"


@cache
def characters_of(name: str) -> frozenset[int]:
    """The characters of one of the shipped fonts."""
    from fontTools.ttLib import TTFont

    with TTFont(TEMPLATES / "fonts" / name, lazy=True) as font:
        return frozenset(font.getBestCmap())


def shipped_characters() -> set[int]:
    files = (TEMPLATES / "fonts").glob("*.?tf")
    return set().union(*(characters_of(file.name) for file in files))


@pytest.mark.parametrize("language", BY_LANGUAGE)
def test_every_character_has_a_glyph(renderer: PdfRenderer, language: str) -> None:
    characters = {ord(c) for c in words(renderer.render(BY_LANGUAGE[language]))}
    # U+FFFE is how pdfium marks a hyphen at a line's end.
    characters -= {0x20, 0xFFFE}
    assert {chr(c) for c in characters - shipped_characters()} == set()


FONTS_OF = {"ja": "JP", "ko": "KR", "zh": "SC", "zh_Hant": "TC", "ar": "Arabic", "he": "Hebrew"}
"""The font of a language's own script; every other language is in Inter."""


def letters_of(language: str) -> set[str]:
    """What documents write in a language: its texts, months and week days, and money."""
    texts = customer_texts(language)
    catalogue = texts._catalog.values() if isinstance(texts, GNUTranslations) else ()
    said = " ".join(str(text) for text in catalogue)
    for month in range(1, 13):
        for style in ("short", "long", "full"):
            said += format_day(date(2026, month, 17 + month), language, style)
    for currency in ("EUR", "USD", "GBP", "JPY", "AED", "CZK", "PLN", "SEK", "KRW", "CNY", "BRL"):
        said += format_money(Decimal("-1234567.89"), currency, language)
    return set(said) - set("\n\u200e\u200f\u061c")


@pytest.mark.parametrize("language", CUSTOMER_LANGUAGES)
def test_every_letter_of_a_language_is_in_the_font_of_its_script(language: str) -> None:
    known = characters_of("Inter-SemiBold.ttf") & characters_of("Inter-Regular.ttf")
    if own := FONTS_OF.get(language):
        file = next((TEMPLATES / "fonts").glob(f"NotoSans{own}-Regular.?tf"))
        known |= characters_of(file.name)
        if own == "KR":  # it holds what Korean has beyond the Japanese set
            known |= characters_of("NotoSansJP-Regular.otf")
    assert letters_of(language) - {chr(code) for code in known} == set()


def test_names_in_kanji_beyond_the_standard_have_glyphs() -> None:
    assert {ord(c) for c in "髙橋﨑𠮷㈱①〒々ヶ〜￥"} <= shipped_characters()


def test_other_scripts_have_glyphs() -> None:
    assert {
        ord(c) for c in "简体中文한국어العربيةעבריתไทยΕλλάδαПривет🍵✓€₩"
    } <= shipped_characters()


def test_the_total_is_the_largest_figure_and_fits() -> None:
    assert layout_of(GERMAN).total_pt == 20
    huge = GERMAN.model_copy(update={"total": Decimal("1234567890123.45"), "currency": "IDR"})
    assert 10 < layout_of(huge).total_pt < 20


def fonts_of(pdf: bytes) -> set[str]:
    opened = pypdfium2.PdfDocument(pdf)
    try:
        return {
            thing.get_font().get_base_name()
            for page in opened
            for thing in page.get_objects()
            if thing.type == pypdfium2.raw.FPDF_PAGEOBJ_TEXT
        }
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("language", "font"),
    [
        ("ja", "Noto-Sans-JP"),
        ("zh-CN", "Noto-Sans-SC"),
        ("zh-TW", "Noto-Sans-TC"),
        ("zh-Hant", "Noto-Sans-TC"),
        ("ko", "Noto-Sans-KR"),
    ],
)
def test_han_characters_have_the_forms_of_the_readers_country(
    renderer: PdfRenderer, language: str, font: str
) -> None:
    content = document(language=language, lines=(line("骨直角한", "1.00"),))
    assert any(font in name for name in fonts_of(renderer.render(content)))
    if language.startswith("zh"):
        assert not any("Noto-Sans-JP" in name for name in fonts_of(renderer.render(content)))


def test_what_no_font_can_draw_is_a_box_and_what_can_be_drawn_stays(renderer: PdfRenderer) -> None:
    def name(text: str) -> str:
        return layout_of(document(lines=(line(text, "1.00"),))).doc.lines[0].name

    assert name("Tee ქართ \ufffe\ud800") == "Tee □□□□ □□"
    for kept in ("Ä e\u0323 髙橋 🍵 👩\u200d🍳 ☎\ufe0f ไทย Ω Ж", "n\u0303o"):
        assert name(kept) == " ".join(unicodedata.normalize("NFC", kept).split())
    assert "□" in words(renderer.render(document(lines=(line("नमस्ते", "1.00"),))))


def test_no_font_of_the_machine_is_used(renderer: PdfRenderer) -> None:
    content = document(lines=(line("שלום Ελλάδα Привет 🍵 한국", "1.00"),))
    names = fonts_of(renderer.render(content))
    assert names
    assert all("Inter" in name or "Noto" in name for name in names)


HOSTILE = [
    "<script>alert(1)</script>",
    '<img src="file:///etc/passwd">',
    "</td></table><style>@import url(http://attacker.example/x.css)</style>",
    "<link rel=attachment href=file:///etc/passwd>",
    "{{ 7 * 7 }} {% include 'x' %} %(name)s %s",
    '"} @page { background: url(http://attacker.example/) }',
    "http://attacker.example/a?b=c",
]


def hostile(text: str) -> DocumentContent:
    """`text` in every field that takes a text, of an invoice that has them all."""
    values = UNPAID.model_dump()

    def spoil(value: object, key: str = "") -> object:
        if isinstance(value, dict):
            return {name: spoil(item, name) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [spoil(item, key) for item in value]
        keeps = ("kind", "language", "currency", "template_version", "country", "logo", "template")
        keeps += ("key",)
        return text if isinstance(value, str) and key not in keeps else value

    return DocumentContent.model_validate(spoil(values))


def active_parts(pdf: bytes) -> int:
    """Links and other annotations, attached files, scripts."""
    opened = pypdfium2.PdfDocument(pdf)
    raw = pypdfium2.raw
    count = raw.FPDFDoc_GetAttachmentCount(opened) + raw.FPDFDoc_GetJavaScriptActionCount(opened)
    count += sum(raw.FPDFPage_GetAnnotCount(page) for page in opened)
    opened.close()
    return int(count)


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_any_field_is_text_and_fetches_nothing(
    renderer: PdfRenderer, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    renderer.warm_up()
    from app.adapters import pdf_engine

    asked: list[str] = []
    monkeypatch.setattr(
        pdf_engine._OwnFilesOnly, "fetch", lambda self, url, headers=None: asked.append(url)
    )
    pdf = renderer.render(hostile(text))
    assert asked == []
    assert active_parts(pdf) == 0
    assert "root:" not in words(pdf)
    assert text.replace(" ", "")[:24] in words(pdf).replace(" ", "")


@pytest.mark.parametrize(
    "text",
    [
        "😀" * 5000,
        "W" * 100_000,
        "e\u0301\u0301\u0301\u0301\u0301" * 3000,
        "\x00\x07\x1b[31mTee\x85\r\n\u2028",
        "\u202eRUE 21 \u2066x\u2069\u200b",
        "broken \ud800 half",
        "\U000e0041\ufff9\ufeff",
        "",
    ],
    ids=["emoji", "long", "marks", "controls", "bidi", "surrogate", "invisible", "empty"],
)
def test_odd_texts_are_drawn_within_bounds(renderer: PdfRenderer, text: str) -> None:
    spoilt = (GERMAN.lines[0].model_copy(update={"name": text, "details": (text,) * 500}),)
    content = GERMAN.model_copy(update={"lines": spoilt, "payment_method": text})
    started = time.perf_counter()
    pdf = renderer.render(content)
    assert time.perf_counter() - started < 10
    assert len(pypdfium2.PdfDocument(pdf)) < 30
    assert not {"\u202e", "\u2066", "\u200b"} & set("".join(pages(pdf)))


@given(text=st.text(alphabet=st.characters(), max_size=40))
@settings(max_examples=60, deadline=None)
def test_no_text_breaks_a_document(renderer: PdfRenderer, text: str) -> None:
    content = document(lines=(line(text, "1.00", details=(text,), sku=text),), note=text, qr=text)
    assert renderer.render(content).startswith(b"%PDF")


def test_three_thousand_lines_take_bounded_time(renderer: PdfRenderer) -> None:
    content = document(lines=tuple(line("😀" * 5000, "1.00") for _ in range(3000)))
    started = time.perf_counter()
    sheets = pages(renderer.render(content))
    assert time.perf_counter() - started < 60
    assert "Gesamtbetrag" in sheets[-1] and "Übertrag: 2." in sheets[-1]


def test_too_long_a_square_code_is_left_out_not_cut() -> None:
    assert layout_of(document(qr="x" * 331)).square
    assert layout_of(document(qr="x" * 1001)).square is None
    assert layout_of(document(qr="half \ud800")).square


def test_much_text_on_many_lines_is_cut_evenly() -> None:
    wordy = line("N" * 300, "1.00", details=("D" * 300,) * 40)
    doc = layout_of(GERMAN.model_copy(update={"lines": (wordy,) * 1_000})).doc
    assert sum(len(line.name) + sum(map(len, line.details)) for line in doc.lines) <= 300_000
    assert all(line.name.endswith("…") for line in doc.lines)


def test_too_many_lines_are_refused_at_once(renderer: PdfRenderer) -> None:
    content = GERMAN.model_copy(update={"lines": GERMAN.lines * 501})
    with pytest.raises(RenderingFailed, match="3006 lines") as failure:
        renderer.render(content)
    assert failure.value.retry is None and failure.value.mend


def template_folder(folder: Path, invoice: str) -> None:
    (folder / "fonts").symlink_to(TEMPLATES / "fonts")
    for name in ("document.css", "elements.css"):
        (folder / name).write_text("")
    (folder / "invoice.html").write_text(invoice)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/x.png", "file:///etc/passwd", "../../app/i18n.py", "ftp://a/b"]
)
def test_a_template_that_asks_for_more_than_its_own_folder_fails(
    tmp_path: Path, address: str
) -> None:
    template_folder(tmp_path, f'<html><body><img src="{address}"/></body></html>')
    with pytest.raises(RenderingFailed, match="Forbidden"):
        PdfRenderer(tmp_path).render(GERMAN)


def test_a_broken_template_is_a_known_failure(tmp_path: Path) -> None:
    template_folder(tmp_path, "{{ nothing.of.the.kind }}")
    with pytest.raises(RenderingFailed, match="nothing"):
        PdfRenderer(tmp_path).render(GERMAN)


def test_threads_may_share_a_renderer(renderer: PdfRenderer) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(renderer.render, [GERMAN, JAPANESE] * 4))
    assert set(made[0::2]) == {renderer.render(GERMAN)}
    assert set(made[1::2]) == {renderer.render(JAPANESE)}
