"""What a tax office's program looks for in the file: PDF/A-3b, and the invoice as data in it."""

from __future__ import annotations

import hashlib
import io
from datetime import date
from typing import Any
from xml.etree import ElementTree

import facturx
import pypdf
import pytest
from lxml import etree as lxml_tree
from PIL import Image

from app.adapters.pdf import PdfRenderer
from app.domain.invoice import Design, DocumentContent
from tests.documents.contents import (
    BY_LANGUAGE,
    CREDIT_NOTE,
    GERMAN,
    PACKING_SLIP,
    UNPAID,
    einvoice_sample,
)
from tests.documents.marks import missing_marks

XML = einvoice_sample()
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
FX = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"
PDFA = "{http://www.aiim.org/pdfa/ns/id/}"
SCHEMA = "{http://www.aiim.org/pdfa/ns/schema#}"


def read(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf), strict=True)


def catalogue(reader: pypdf.PdfReader) -> Any:
    return reader.trailer["/Root"]


def xmp(reader: pypdf.PdfReader) -> ElementTree.Element:
    return ElementTree.fromstring(catalogue(reader)["/Metadata"].get_data())


def things(reader: pypdf.PdfReader) -> list[Any]:
    """Every object of the file."""
    size = int(reader.trailer["/Size"])
    return [thing for number in range(1, size) if (thing := reader.get_object(number)) is not None]


@pytest.fixture(scope="module")
def hybrid(renderer: PdfRenderer) -> pypdf.PdfReader:
    return read(renderer.render(GERMAN, xml=XML))


@pytest.mark.parametrize(
    "content", [*BY_LANGUAGE.values(), CREDIT_NOTE, PACKING_SLIP, UNPAID], ids=lambda c: c.number
)
def test_every_document_is_pdf_a_3b(renderer: PdfRenderer, content: DocumentContent) -> None:
    reader = read(renderer.render(content))
    description = next(xmp(reader).iter(f"{RDF}Description"))
    assert description.get(f"{PDFA}part") == "3"
    assert description.get(f"{PDFA}conformance") == "B"
    (intent,) = catalogue(reader)["/OutputIntents"]
    assert intent["/S"] == "/GTS_PDFA1"
    assert intent["/DestOutputProfile"]["/N"] == 3
    assert intent["/DestOutputProfile"].get_data()[16:20] == b"RGB "
    assert reader.trailer["/ID"] and "/Encrypt" not in reader.trailer
    assert "/AF" not in catalogue(reader)


@pytest.mark.parametrize("content", [GERMAN, CREDIT_NOTE, UNPAID], ids=lambda c: c.number)
def test_no_mark_is_missing(renderer: PdfRenderer, content: DocumentContent) -> None:
    assert missing_marks(renderer.render(content, xml=XML), XML) == []
    assert missing_marks(renderer.render(content), XML) == ["0 entries in /AF"]


def test_every_font_is_in_the_file(renderer: PdfRenderer) -> None:
    for content in (*BY_LANGUAGE.values(), PACKING_SLIP):
        fonts = [
            thing
            for thing in things(read(renderer.render(content)))
            if isinstance(thing, dict) and thing.get("/Type") == "/FontDescriptor"
        ]
        assert fonts
        assert all("/FontFile2" in font or "/FontFile3" in font for font in fonts)


def test_the_invoice_travels_as_data(hybrid: pypdf.PdfReader) -> None:
    (attached,) = catalogue(hybrid)["/AF"]
    file = attached.get_object()
    assert file["/AFRelationship"] == "/Alternative"
    assert file["/F"] == file["/UF"] == "factur-x.xml"
    embedded = file["/EF"]["/F"]
    assert embedded.get_data() == XML
    assert embedded["/Subtype"] in ("/text/xml", "/application/xml")
    assert embedded["/Params"]["/ModDate"] == "D:20261123000000Z"
    names = catalogue(hybrid)["/Names"]["/EmbeddedFiles"]["/Names"]
    assert names[0] == "factur-x.xml" and names[1] == attached


def test_others_programs_find_the_data(renderer: PdfRenderer) -> None:
    name, xml = facturx.get_xml_from_pdf(renderer.render(GERMAN, xml=XML), check_xsd=False)
    assert (name, xml) == ("factur-x.xml", XML)
    assert facturx.get_level(lxml_tree.fromstring(xml)) == "en16931"


def test_the_metadata_say_which_data_in_one_description(hybrid: pypdf.PdfReader) -> None:
    metadata = xmp(hybrid)
    assert len(list(metadata.iter(f"{RDF}RDF"))) == 1
    said = {name: metadata.find(f".//{FX}{name}") for name in ("DocumentType", "ConformanceLevel")}
    assert {name: found.text for name, found in said.items() if found is not None} == {
        "DocumentType": "INVOICE",
        "ConformanceLevel": "EN 16931",
    }
    explained = metadata.find(f".//{SCHEMA}namespaceURI")
    assert explained is not None and explained.text == FX.strip("{}")


def test_no_image_asks_to_be_smoothed(renderer: PdfRenderer) -> None:
    for mode in ("RGB", "RGBA", "L"):
        target = io.BytesIO()
        Image.new(mode, (40, 20)).save(target, "PNG")
        logo = target.getvalue()
        digest = hashlib.sha256(logo).hexdigest()
        content = GERMAN.model_copy(update={"design": Design(logo=digest)})
        found = [
            thing
            for thing in things(read(renderer.render(content, files={digest: logo})))
            if isinstance(thing, dict) and thing.get("/Subtype") == "/Image"
        ]
        assert found
        assert all(image["/Interpolate"] == False for image in found)  # noqa: E712 -- pypdf's own


def test_nothing_in_the_file_runs_or_reaches_out(hybrid: pypdf.PdfReader) -> None:
    forbidden = {"/JavaScript", "/Launch", "/GoToR", "/SubmitForm", "/URI", "/Movie", "/Sound"}
    for thing in things(hybrid):
        if isinstance(thing, dict):
            assert thing.get("/S") not in forbidden
            assert "/OpenAction" not in thing and "/AA" not in thing


def test_with_data_the_bytes_are_the_same_each_time(renderer: PdfRenderer) -> None:
    assert renderer.render(UNPAID, xml=XML) == renderer.render(UNPAID, xml=XML)
    later = UNPAID.model_copy(update={"issued_on": date(2026, 11, 24)})
    assert renderer.render(later, xml=XML) != renderer.render(UNPAID, xml=XML)
