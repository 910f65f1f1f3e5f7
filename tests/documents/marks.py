"""What makes a file PDF/A-3b with its invoice as data: looked up in the file, one by one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pypdf

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
FX = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"
PDFA = "{http://www.aiim.org/pdfa/ns/id/}"


def missing_marks(pdf: bytes, xml: bytes | None) -> list[str]:
    """What a file lacks of PDF/A-3b, and of Factur-X where `xml` should be in it."""
    reader = pypdf.PdfReader(io.BytesIO(pdf), strict=True)
    found = [*_archive(reader), *_images(reader)]
    return found + (list(_data(reader, xml)) if xml is not None else [])


def _root(reader: pypdf.PdfReader) -> Any:
    return reader.trailer["/Root"]


def _metadata(reader: pypdf.PdfReader) -> ElementTree.Element:
    return ElementTree.fromstring(_root(reader)["/Metadata"].get_data())


def _archive(reader: pypdf.PdfReader) -> Iterator[str]:
    said = next(_metadata(reader).iter(f"{RDF}Description"))
    if (said.get(f"{PDFA}part"), said.get(f"{PDFA}conformance")) != ("3", "B"):
        yield "XMP does not say PDF/A-3b"
    intents = _root(reader).get("/OutputIntents", [])
    if [one["/S"] for one in intents] != ["/GTS_PDFA1"]:
        yield "no output intent"
    elif intents[0]["/DestOutputProfile"].get_data()[16:20] != b"RGB ":
        yield "the output intent is not RGB"
    if "/ID" not in reader.trailer or "/Encrypt" in reader.trailer:
        yield "no identifier, or encrypted"


def _images(reader: pypdf.PdfReader) -> Iterator[str]:
    for number in range(1, int(reader.trailer["/Size"])):
        thing = reader.get_object(number)
        if not isinstance(thing, dict):
            continue
        if thing.get("/Subtype") == "/Image" and bool(thing.get("/Interpolate", False)):
            yield "an image asks to be smoothed (6.2.8-3)"
        if thing.get("/Type") == "/FontDescriptor" and not {"/FontFile2", "/FontFile3"} & {*thing}:
            yield f"font {thing.get('/FontName')} is not in the file"


def _data(reader: pypdf.PdfReader, xml: bytes) -> Iterator[str]:
    attached = _root(reader).get("/AF", [])
    if len(attached) != 1:
        yield f"{len(attached)} entries in /AF"
        return
    file = attached[0].get_object()
    if file["/AFRelationship"] != "/Alternative" or file["/F"] != "factur-x.xml":
        yield "AFRelationship or name of the data"
    if file["/EF"]["/F"].get_data() != xml:
        yield "other data than was given"
    metadata = _metadata(reader)
    level = metadata.find(f".//{FX}ConformanceLevel")
    if level is None or level.text != "EN 16931":
        yield "XMP does not say EN 16931"
