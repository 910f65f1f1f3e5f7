"""What makes a PDF an archivable one that carries its invoice as data: PDF/A-3b and Factur-X.

WeasyPrint writes most marks by itself; here is what it leaves out or gets wrong, done in the same
pass, before the file's end is written. Rules are cited from ISO 19005-3 and Factur-X 1.07.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

import pydyf
from weasyprint import Attachment
from weasyprint.css import ColorProfile

VARIANT = "pdf/a-3b"
INTENT = "kikubari-srgb"
"""Our name of the colours that the file was made for."""
FACTUR_X = "factur-x.xml"
PROFILE = "EN 16931"

_FX = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTIES = (
    ("DocumentFileName", "name of the embedded XML invoice file"),
    ("DocumentType", "INVOICE"),
    ("Version", "version of the Factur-X standard"),
    ("ConformanceLevel", "conformance level of the embedded XML invoice"),
)


def factur_x(xml: bytes, issued_on: date) -> Attachment:
    """The invoice's data as an attached file. Its dates are the document's, not the clock's."""
    at = datetime(issued_on.year, issued_on.month, issued_on.day, tzinfo=UTC)
    return Attachment(
        string=xml,
        name=FACTUR_X,
        description="Factur-X Invoice",
        created=at,
        modified=at,
        # The data are the invoice in another form (Factur-X 1.07, 6.2.2: from profile BASIC on).
        relationship="Alternative",
    )


_ICC = (files("weasyprint.pdf") / "sRGB2014.icc").read_bytes()


class _Srgb(ColorProfile):  # type: ignore[misc]
    """WeasyPrint's own profile, read once instead of for each document. `content` is the file's:
    what the library behind it writes is longer from the second time on."""

    content = _ICC


@cache
def srgb() -> ColorProfile:
    """The output intent."""
    channels = (["r"], ["g"], ["b"])
    return _Srgb(BytesIO(_ICC), "sRGB2014.icc", "relative-colorimetric", channels)


def finish(pdf: Any, *, with_data: bool) -> None:
    """Mend a `pydyf.PDF` that is about to be written."""
    _forbid_interpolation(pdf)
    if with_data:
        _list_each_file_once(pdf)
        _describe_data(pdf)
    _compress_once(pdf)


def _forbid_interpolation(pdf: Any) -> None:
    """6.2.8-3: no image may ask the viewer to smooth it."""
    for thing in pdf.objects:
        extra = getattr(thing, "extra", None)
        if extra and extra.get("Interpolate") == "true":
            extra["Interpolate"] = "false"


def _list_each_file_once(pdf: Any) -> None:
    """WeasyPrint names each file twice in the catalogue's `/AF`."""
    if "AF" in pdf.catalog:
        pdf.catalog["AF"][:] = dict.fromkeys(pdf.catalog["AF"])


def _describe_data(pdf: Any) -> None:
    """6.6.2.3: what the XMP says of the data needs an extension schema that explains it.

    It has to be inside the one `rdf:RDF` that XMP allows.
    """
    metadata = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    end = b"</rdf:RDF>"
    metadata.stream = [part.replace(end, _EXTENSION + end) for part in metadata.stream]


class _Compressed(pydyf.Stream):  # type: ignore[misc]
    """A stream as it will stand in the file."""

    data = b""


def _compress_once(pdf: Any) -> None:
    """pydyf compresses every stream twice: for the file, and for the hash that identifies it."""
    for number, thing in enumerate(pdf.objects):
        if isinstance(thing, pydyf.Stream):
            done = _Compressed()
            done.data, done.number = thing.data, number
            pdf.objects[number] = done


def _property(name: str, description: str) -> str:
    return (
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"
    )


_EXTENSION = (
    '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
    ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
    ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
    '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
    "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
    f"<pdfaSchema:namespaceURI>{_FX}</pdfaSchema:namespaceURI>"
    "<pdfaSchema:prefix>fx</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>"
    + "".join(_property(name, description) for name, description in _PROPERTIES)
    + "</rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>"
    "</rdf:Description>"
    f'<rdf:Description rdf:about="" xmlns:fx="{_FX}"><fx:DocumentType>INVOICE</fx:DocumentType>'
    f"<fx:DocumentFileName>{FACTUR_X}</fx:DocumentFileName><fx:Version>1.0</fx:Version>"
    f"<fx:ConformanceLevel>{PROFILE}</fx:ConformanceLevel></rdf:Description>"
).encode()
