"""WeasyPrint with the shipped fonts alone and no way out: HTML in, PDF bytes out.

Importing this module loads WeasyPrint and its native libraries (half a second); `pdf.py` does so
at the first rendering.
"""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
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
    from weasyprint import CSS, HTML, Document
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

logging.getLogger("weasyprint").setLevel(logging.ERROR)
logging.getLogger("fontTools").setLevel(logging.ERROR)


class Forbidden(Exception):
    """A template asked for something outside its own folder. The message is the address."""


class Engine:
    """One thread's WeasyPrint. Keep it (each new one leaks memory); never hand it to another
    thread (Pango crashes)."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds `document.css` and `fonts/`, and is all that a template may read."""
        self._base = folder.resolve()
        self._fetcher = _OwnFilesOnly(self._base)
        with _only(self._base / "fonts"):
            self._fonts = FontConfiguration()
        self._style = CSS(
            filename=self._base / "document.css",
            font_config=self._fonts,
            url_fetcher=self._fetcher,
        )

    def pdf(self, html: str) -> bytes:
        """The PDF of a page of HTML. Forbidden if it refers to anything outside the folder."""
        try:
            document = HTML(
                string=html, base_url=self._base.as_uri() + "/", url_fetcher=self._fetcher
            ).render(font_config=self._fonts, stylesheets=[self._style])
        except FatalURLFetchingError as error:
            raise Forbidden(str(error)) from None
        if len(document.pages) == 1:
            _leave_out_page_number(document)
        # The identifier is a hash of the content; without one there are none of the dates and
        # random numbers that PDF writers like to add.
        written: bytes = document.write_pdf(pdf_identifier=True)
        return written


class _OwnFilesOnly(URLFetcher):  # type: ignore[misc]
    """Gives `data:` and files below one folder; anything else ends the rendering."""

    def __init__(self, base: Path) -> None:
        super().__init__(allowed_protocols=("data", "file"), allow_redirects=False)
        self._base = base

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        parts = urlsplit(url)
        if parts.scheme == "data":
            return super().fetch(url, headers)
        path = Path(unquote(parts.path)).resolve()
        if parts.scheme != "file" or parts.netloc or not path.is_relative_to(self._base):
            raise FatalURLFetchingError(url)
        return URLFetcherResponse(url, path.read_bytes())


def _leave_out_page_number(document: Document) -> None:
    """One page is not "page 1 of 1". CSS cannot ask how many pages there are."""
    page = document.pages[0]._page_box
    page.children = [box for box in page.children if getattr(box, "at_keyword", "") != "@top-right"]
