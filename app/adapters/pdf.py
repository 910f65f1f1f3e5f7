"""Documents as PDF: the same content gives the same bytes, in any process.

content → bounded layout → HTML (Jinja2) → pages and PDF (WeasyPrint). Nothing is fetched, no clock
is read, and no font is used but the shipped ones, whatever the machine has. The bytes also depend
on the versions of WeasyPrint, Pango and HarfBuzz: a file that was sent is kept, not made again.
"""

from __future__ import annotations

import gc
import hashlib
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from app.adapters.document_bounds import MAX_LINES
from app.adapters.document_layout import layout_of
from app.adapters.document_texts import UnknownStatement
from app.adapters.own_template import sandbox
from app.adapters.sample_documents import sample
from app.domain.invoice import DocumentContent
from app.errors import RenderingFailed
from app.i18n import environment
from app.said import Said

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
                Said("%(name)s: %(length)s lines", name=name, length=len(content.lines)),
                mend=Said(
                    "a document holds %(max_lines)s lines at most; split the order",
                    max_lines=MAX_LINES,
                ),
            )
        try:
            with _one_at_a_time:
                return self._engine().pdf(self._sheet(content, xml, files))
        except UnknownStatement as error:
            raise RenderingFailed(
                Said(
                    "%(name)s: no sentence is known for the statement %(error)s",
                    name=name,
                    error=str(error),
                ),
                mend=Said("update Kikubari, or correct the settings that ask for it"),
            ) from error
        except Exception as error:  # whatever template or layout engine raise: one known failure
            raise RenderingFailed(
                Said(
                    "%(name)s: %(where)s%(kind)s: %(error)s",
                    name=name,
                    where=_where(error),
                    kind=type(error).__name__,
                    error=str(error),
                ),
                mend=Said("check the document's template and logo"),
            ) from error

    def warm_up(self) -> None:
        """Renders twice (Latin, Japanese) and keeps what that loaded out of garbage collection.

        For workers, in the thread that will render, before they take work.
        """
        for language in ("en", "ja"):
            self.render(sample(language))
        gc.collect()
        gc.freeze()

    def _sheet(
        self, content: DocumentContent, xml: bytes | None, files: Mapping[str, bytes]
    ) -> Sheet:
        from app.adapters.pdf_engine import Sheet

        layout = layout_of(content)
        own = content.design.template
        if content.design.logo:
            kept(content.design.logo, files)
        if own:
            source = kept(own, files).decode()
            template = sandbox(self._templates, layout.tag).from_string(source)
        else:
            template = environment(self._templates, layout.tag).get_template(layout.template)
        return Sheet(
            html=template.render(doc=layout.doc, layout=layout),
            tidy=not own,
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


def _where(error: BaseException) -> str:
    """`line 7: ` of an own template, where the error came from there."""
    found = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == "<template>" and frame.lineno
    ]
    return f"line {found[-1]}: " if found else ""


def kept(digest: str, files: Mapping[str, bytes]) -> bytes:
    """A file by its SHA-256. LookupError where it is not given, or is another."""
    data = files.get(digest)
    if data is None or hashlib.sha256(data).hexdigest() != digest:
        raise LookupError(f"the file {digest[:12]} of the shop's design is missing or damaged")
    return data
