"""The first thing a stranger does, as a stranger does it: `run.py demo --once`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pypdfium2

from app.db.documents import Document
from app.db.engine import Database
from app.domain.invoice import DocumentContent
from app.i18n import format_money

ROOT = Path(__file__).resolve().parent.parent
NAME = "a data folder with spaces and a name that is far longer than a socket's path may be, " * 2


def text_of(path: Path) -> str:
    pdf = pypdfium2.PdfDocument(path)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in pdf)
    finally:
        pdf.close()


def test_the_demo_shows_all_it_should(tmp_path: Path) -> None:
    data_dir = tmp_path / NAME.strip()
    assert " " in str(data_dir) and len(str(data_dir)) >= 150
    out = tmp_path / "out.json"
    done = subprocess.run(
        [sys.executable, ROOT / "run.py", "demo", "--once", "--json", out],
        env={**os.environ, "DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shown = json.loads(out.read_text(encoding="utf-8"))
    assert set(shown) == {"seconds", "stages", "deliveries", "invoices", "notices", "mails"}
    assert len(shown["invoices"]) >= 3 and shown["mails"] >= 4
    assert [n for n in shown["notices"] if n["kind"] == "delayed"]
    assert all(stage["seconds"] >= 0 and stage["name"] for stage in shown["stages"])
    contents = contents_of(Path(shown["invoices"][0]["pdf"]).parents[2])
    for invoice in shown["invoices"]:
        content, text = contents[invoice["number"]], text_of(Path(invoice["pdf"]))
        assert invoice["order"] in text and invoice["number"] in text
        assert content.buyer.name in text
        total = format_money(
            Decimal(content.total), content.currency, content.language, content.decimals
        )
        assert total.replace("\u00a0", " ") in text.replace("\u00a0", " ").replace("\u202f", " ")


def contents_of(data_dir: Path) -> dict[str, DocumentContent]:
    db = Database(f"sqlite:///{data_dir / 'kikubari.sqlite3'}")
    try:
        with db.read() as session:
            found = session.query(Document).all()
            return {d.number: DocumentContent.model_validate(d.content) for d in found}
    finally:
        db.dispose()
