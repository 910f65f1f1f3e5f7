"""Documents as PDF: the same content gives the same bytes, in any process.

content → bounded layout → HTML (Jinja2) → pages and PDF (WeasyPrint). Nothing is fetched, no clock
is read, and no font is used but the shipped ones, whatever the machine has. The bytes also depend
on the versions of WeasyPrint, Pango and HarfBuzz: a file that was sent is kept, not made again.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from app.adapters.document_layout import MAX_LINES, layout_of
from app.domain.invoice import DocumentContent, DocumentKind, Line, Party, Tax
from app.errors import RenderingFailed
from app.i18n import environment

if TYPE_CHECKING:
    from app.adapters.pdf_engine import Engine, Sheet

TEMPLATES = Path(__file__).parents[2] / "templates" / "documents"

_one_at_a_time = threading.Lock()
"""Rendering holds the processor all the while; two at once would only share Pango's globals."""


class PdfRenderer:
    """Renders documents. One instance serves a process, and may be called from any thread.

    Each thread that renders gets fonts of its own (they must not cross threads), which costs it
    time once and memory for good: render in few threads. Workers have one.
    """

    def __init__(self, templates: Path = TEMPLATES) -> None:
        self._templates = templates
        self._own = threading.local()

    def render(
        self,
        content: DocumentContent,
        *,
        xml: bytes | None = None,
        files: Mapping[str, bytes] = MappingProxyType({}),
    ) -> bytes:
        """The PDF/A-3b of a document; texts are cut to 300 characters.

        `xml` is embedded as `factur-x.xml` (Factur-X, EN 16931). `files` gives the bytes of
        `design.logo` and `design.template` by their SHA-256.

        RenderingFailed (trying again cannot help): more than 3,000 lines, a statement without a
        sentence, a file that is not given, or a template that is broken or asks for something
        outside its own folder.
        """
        name = f"{content.kind.value} {content.number}"
        if len(content.lines) > MAX_LINES:
            raise RenderingFailed(
                f"{name}: {len(content.lines)} lines",
                mend=f"a document holds {MAX_LINES} lines at most; split the order",
            )
        try:
            with _one_at_a_time:
                return self._engine().pdf(self._sheet(content, xml, files))
        except Exception as error:  # whatever template or layout engine raise: one known failure
            raise RenderingFailed(
                f"{name}: {type(error).__name__}: {error}", mend="check the document's template"
            ) from error

    def warm_up(self) -> None:
        """Renders twice (Latin, Japanese) and keeps what that loaded out of garbage collection.

        For workers, in the thread that will render, before they take work.
        """
        for language in ("en", "ja"):
            self.render(_sample(language))
        gc.collect()
        gc.freeze()

    def _sheet(
        self, content: DocumentContent, xml: bytes | None, files: Mapping[str, bytes]
    ) -> Sheet:
        from app.adapters.pdf_engine import Sheet

        layout = layout_of(content)
        template = environment(self._templates, layout.tag).get_template(layout.template)
        return Sheet(
            html=template.render(doc=layout.doc, layout=layout),
            tidy=True,
            issued_on=content.issued_on,
            xml=xml,
            files=files,
        )

    def _engine(self) -> Engine:
        if not hasattr(self._own, "engine"):
            from app.adapters.pdf_engine import Engine  # loads WeasyPrint: only where it is used

            self._own.engine = Engine(self._templates)
        engine: Engine = self._own.engine
        return engine


def _sample(language: str) -> DocumentContent:
    """A small document that touches every part of the template."""
    day = date(2026, 1, 1)
    return DocumentContent(
        kind=DocumentKind.INVOICE,
        number="0",
        specimen=True,
        language=language,
        currency="EUR",
        decimals=2,
        issued_on=day,
        order_number="0",
        ordered_on=day,
        paid_on=day,
        payment_method="–",
        prices_include_tax=True,
        seller=Party(name="Kikubari 気配り", address=("0123456789",)),
        buyer=Party(name="Ä é – 山田"),
        ship_to=None,
        lines=(Line(name="…", quantity=Decimal(1), unit_price=Decimal(1), total=Decimal(1)),),
        rows=(),
        taxes=(Tax(label="", percent=Decimal(19), net=Decimal(1), tax=Decimal(0)),),
        total_net=Decimal(1),
        total_tax=Decimal(0),
        total=Decimal(1),
        paid=True,
    )
