"""WeasyPrint with the shipped fonts alone and no way out: HTML in, PDF bytes out.

Importing this module loads WeasyPrint and its native libraries (half a second); `pdf.py` does so
at the first rendering.
"""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

_CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
<dir>{fonts}</dir>
<cachedir>{cache}</cachedir>
</fontconfig>
"""


@contextmanager
def _only(fonts: Path) -> Iterator[None]:
    """Within, fontconfig starts from one folder of fonts and none of the machine's settings.

    The variable is the only way to tell it so, and it stands in the environment for the moment of
    loading alone, so that no other program that we start inherits it. Hinting rules, aliases and
    fonts of the machine would make the same document look and break differently elsewhere.
    """
    before = os.environ.get("FONTCONFIG_FILE")
    with tempfile.TemporaryDirectory(prefix="kikubari-fonts-") as folder:
        file = Path(folder) / "fonts.conf"
        file.write_text(
            _CONFIGURATION.format(fonts=escape(str(fonts)), cache=escape(folder)), "utf-8"
        )
        os.environ["FONTCONFIG_FILE"] = str(file)
        try:
            yield
        finally:
            os.environ.pop("FONTCONFIG_FILE")
            if before is not None:
                os.environ["FONTCONFIG_FILE"] = before


_SHIPPED = Path(__file__).parents[2] / "templates" / "documents" / "fonts"

with _only(_SHIPPED), warnings.catch_warnings():
    # Without libharfbuzz-subset WeasyPrint falls back to fontTools: slower, and deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    import cssselect2
    from weasyprint import CSS, HTML, Document
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    from app.adapters import pdf_archive, pdf_speed

pdf_speed.shorten()
logging.getLogger("weasyprint").setLevel(logging.ERROR)
logging.getLogger("fontTools").setLevel(logging.ERROR)

_ARCHIVED = {"pdf_variant": pdf_archive.VARIANT, "output_intent": pdf_archive.INTENT}
KEPT = "kept:"
"""Scheme of the addresses of a document's own files: `kept:<SHA-256>`."""


class Forbidden(Exception):
    """A template asked for something outside its own folder. The message is the address."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One document to be drawn. `html` is XML too where `tidy`, as all shipped templates are."""

    html: str
    tidy: bool
    issued_on: date
    xml: bytes | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What `kept:` addresses give, by SHA-256."""


class Engine:
    """One thread's WeasyPrint. Keep it (each new one leaks memory); never hand it to another
    thread (Pango crashes)."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds `document.css`, `elements.css` and `fonts/`, and is all that a template
        may read."""
        self._base = folder.resolve()
        self._fetcher = _OwnFilesOnly(self._base)
        with _only(self._base / "fonts"):
            self._fonts = FontConfiguration()
        self._style = self._css("document.css")
        self._elements = self._css("elements.css")

    def _css(self, name: str) -> CSS:
        return CSS(filename=self._base / name, font_config=self._fonts, url_fetcher=self._fetcher)

    def pdf(self, sheet: Sheet) -> bytes:
        """The PDF/A-3b of a document, with `xml` embedded as Factur-X where there is any.

        Forbidden if it refers to anything outside the folder and its own files.
        """
        self._fetcher.files = sheet.files
        try:
            return self._written(self._pages(sheet), sheet)
        except FatalURLFetchingError as error:
            raise Forbidden(str(error)) from None
        finally:
            self._fetcher.files = {}

    def _pages(self, sheet: Sheet) -> Document:
        document = self._page(sheet).render(
            font_config=self._fonts,
            stylesheets=[self._style],
            color_profiles={pdf_archive.INTENT: pdf_archive.srgb()},
            **_ARCHIVED,
        )
        if len(document.pages) == 1:
            _leave_out_page_number(document)
        return document

    def _written(self, document: Document, sheet: Sheet) -> bytes:
        """PDF/A asks for an identifier: WeasyPrint's is a hash of the content. Its dates come from
        the document's head alone, so no clock and no chance reach the file."""
        data = [] if sheet.xml is None else [pdf_archive.factur_x(sheet.xml, sheet.issued_on)]
        written: bytes = document.write_pdf(
            **_ARCHIVED,
            attachments=data,
            finisher=lambda _, pdf: pdf_archive.finish(pdf, with_data=bool(data)),
        )
        return written

    def _page(self, sheet: Sheet) -> HTML:
        address = self._base.as_uri() + "/"
        if sheet.tidy:
            return _TidyPage(sheet.html, address, self._fetcher, self._elements)
        return HTML(string=sheet.html, base_url=address, url_fetcher=self._fetcher)


class _TidyPage(HTML):  # type: ignore[misc]
    """A page whose HTML is well-formed XML, and which uses few elements.

    Expat reads it in a twentieth of the time that an HTML parser written in Python takes, and a
    style sheet of the elements in use is matched faster than that of all HTML.
    """

    def __init__(self, html: str, base_url: str, fetcher: URLFetcher, elements: CSS) -> None:
        self.base_url = base_url
        self.url_fetcher = fetcher
        self.media_type = "print"
        # Only what our own templates wrote, with every text escaped: no entities, no bombs.
        root = ElementTree.fromstring(html)  # noqa: S314
        self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element
        self._elements = elements

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        return [self._elements]


class _Root(cssselect2.ElementWrapper):  # type: ignore[misc]
    """A tidy page's root: style sheets and what the file says of itself stand in its head alone,
    and are not looked for in every row of a table."""

    def query_all(self, *selectors: Any) -> Iterator[Any]:
        head = next(self.iter_children())
        yield from cssselect2.ElementWrapper.query_all(head, *selectors)


class _OwnFilesOnly(URLFetcher):  # type: ignore[misc]
    """Gives `data:`, files below one folder and the document's own; anything else ends the
    rendering."""

    def __init__(self, base: Path) -> None:
        super().__init__(allowed_protocols=("data", "file"), allow_redirects=False)
        self._base = base
        self.files: Mapping[str, bytes] = {}

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        parts = urlsplit(url)
        if parts.scheme == "data":
            return super().fetch(url, headers)
        if url.startswith(KEPT) and parts.path in self.files:
            return URLFetcherResponse(url, self.files[parts.path])
        path = Path(unquote(parts.path)).resolve()
        if parts.scheme != "file" or parts.netloc or not path.is_relative_to(self._base):
            raise FatalURLFetchingError(url)
        return URLFetcherResponse(url, path.read_bytes())


def _leave_out_page_number(document: Document) -> None:
    """One page is not "page 1 of 1". CSS cannot ask how many pages there are."""
    page = document.pages[0]._page_box
    page.children = [box for box in page.children if getattr(box, "at_keyword", "") != "@top-right"]
