"""Owners' own templates: what they can do, and what they are refused for."""

from __future__ import annotations

import hashlib
import time
from urllib.parse import quote

import pytest

from app.adapters import own_template, pdf_engine
from app.adapters.own_template import LARGEST, check_template
from app.adapters.pdf import PdfRenderer
from app.domain.invoice import Design, DocumentContent
from app.errors import FileRefused, RenderingFailed
from tests.documents.contents import CREDIT_NOTE, GERMAN
from tests.documents.test_pdf import words

OURS = "{% extends layout.template %}{% block style %}.identity { color: #A8322A }{% endblock %}"


def dressed(
    source: str, content: DocumentContent = GERMAN
) -> tuple[DocumentContent, dict[str, bytes]]:
    """A document with this template, and the files to render it."""
    data = source.encode()
    digest = hashlib.sha256(data).hexdigest()
    return content.model_copy(update={"design": Design(template=digest)}), {digest: data}


def rendered(renderer: PdfRenderer, source: str, content: DocumentContent = GERMAN) -> bytes:
    content, files = dressed(source, content)
    return renderer.render(content, files=files)


def test_a_template_that_builds_on_ours_is_accepted() -> None:
    check_template(OURS.encode())


def test_a_template_changes_the_look_and_keeps_the_words(renderer: PdfRenderer) -> None:
    for content in (GERMAN, CREDIT_NOTE):
        own = rendered(renderer, OURS, content)
        assert own != renderer.render(content)
        assert words(own) == words(renderer.render(content))


def test_a_template_may_be_all_its_own(renderer: PdfRenderer) -> None:
    source = "<h1>{{ doc.number }}</h1><p>{{ _('Total') }}: {{ doc.total|money(doc.currency) }}<br>"
    assert words(rendered(renderer, source)) == "2026-000128 Gesamtbetrag: 177,16 €"


REFUSED = [
    ("{% extends '/etc/passwd' %}", "TemplateNotFound"),
    ("{% include 'fonts/README.md' %}", "TemplateNotFound"),
    ("{% import '../notices/base.html' as x %}", "TemplateNotFound"),
    ("{{ doc.__class__.__mro__ }}", "unsafe"),
    ("{{ doc.parse_raw('x') }}", "unsafe"),
    ("{{ doc['parse_file'] }}", "parse_file"),
    ("{{ doc|attr('model_config') }}", "unsafe|model_config"),
    ("{{ _.__globals__ }}", "unsafe"),
    ("{{ layout.tax_ids.__func__ }}", "unsafe"),
    ("{{ cycler.__init__.__globals__ }}", "unsafe"),
    ("{{ ''.__class__ }}", "unsafe"),
    ("{{ '{0.__class__}'.format(doc) }}", "unsafe"),
    ("{{ 'a' * 1000000000 }}", "two numbers"),
    ("{{ 9 ** 9 ** 9 }}", "powers"),
    ("{{ range(100000)|list }}", "range"),
    ("{{ doc.nothing }}", "nothing"),
    ("<img src='http://127.0.0.1:9/x.png'>", "Forbidden"),
    ("<link rel=attachment href='file:///etc/passwd'>", "Forbidden"),
    ("<style>@import url(http://127.0.0.1:9/x.css);</style>", "Forbidden"),
    ("<p style='background: url(../../../.env)'>x", "Forbidden"),
]


@pytest.mark.parametrize(("source", "why"), REFUSED)
def test_what_reaches_out_does_not_render(renderer: PdfRenderer, source: str, why: str) -> None:
    with pytest.raises(RenderingFailed, match=why):
        rendered(renderer, source)


def test_a_picture_within_a_picture_is_not_fetched(
    renderer: PdfRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    answer = pdf_engine.URLFetcherResponse

    def noted(url: str, *more: object) -> object:
        given.append(url)
        return answer(url, *more)

    monkeypatch.setattr(pdf_engine, "URLFetcherResponse", noted)
    inner = '<image href="file:///etc/passwd" width="9" height="9"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{inner}</svg>'
    rendered(renderer, f"<img src='data:image/svg+xml,{quote(svg)}'>")
    assert given == []


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b"{% if %}", "line 1"),
        (b"fine\n{{ doc.nothing }}", "line 2.*nothing"),
        (b"\xff\xfe", "UTF-8"),
        (b"x" * (LARGEST + 1), "bytes"),
        (b"{{ doc.parse_raw }}", "unsafe"),
        (b"{{ 'x'|center(3000000000) }}", "Memory|memory"),
    ],
    ids=["syntax", "field", "encoding", "large", "reach", "memory"],
)
def test_a_template_is_refused_before_it_is_used(source: bytes, why: str) -> None:
    with pytest.raises(FileRefused, match=f"(?s){why}") as refusal:
        check_template(source)
    assert refusal.value.mend


def test_a_template_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_template, "LONGEST_WAIT", 4)
    nested = "{% for a in range(9999) %}" * 4 + "x" + "{% endfor %}" * 4
    started = time.monotonic()
    with pytest.raises(FileRefused, match="not done after 4 seconds"):
        check_template(nested.encode())
    assert time.monotonic() - started < 10


def test_a_file_that_is_missing_or_changed_is_a_known_failure(renderer: PdfRenderer) -> None:
    content, files = dressed(OURS)
    changed = {digest: data + b" " for digest, data in files.items()}
    for wrong in ({}, changed):
        with pytest.raises(RenderingFailed, match="missing or damaged"):
            renderer.render(content, files=wrong)
    with pytest.raises(RenderingFailed, match="missing or damaged"):
        renderer.render(content.model_copy(update={"design": Design(logo="ab" * 32)}))
