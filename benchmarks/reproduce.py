"""Whether documents come out the same, byte for byte, when another process makes them again.

    .venv/bin/python benchmarks/reproduce.py --documents 1000 --seed 7

Documents of every kind and language, drawn by the seed, some with an embedded e-invoice, are
rendered here and again in a new process: in reverse order, with another hash seed, another time
zone and no home. Compared are their SHA-256.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
from decimal import Decimal

from common import ROOT, finish  # first: it makes the project importable

from app.adapters.pdf import PdfRenderer
from app.domain.invoice import DocumentContent, DocumentKind
from tests.documents.contents import BY_LANGUAGE, CREDIT_NOTE, UNPAID, einvoice_sample

WORDS = ("Sencha", "Kanne „groß“", "抹茶 40g", "إبريق", "קומקום", "🍵", "Théière", "ﬁne 茶 & <b>")


def drawn(seed: int, number: int) -> tuple[DocumentContent, bytes | None]:
    """The document of a number, and the data that it carries."""
    chance = random.Random(f"{seed}:{number}")
    base = chance.choice([*BY_LANGUAGE.values(), CREDIT_NOTE, UNPAID])
    lines = tuple(
        base.lines[0].model_copy(
            update={
                "name": " ".join(chance.choices(WORDS, k=chance.randint(1, 9))),
                "total": Decimal(chance.randint(1, 99_999)) / 100,
            }
        )
        for _ in range(chance.choice((1, 3, 6, 6, 25)))
    )
    changes = {
        "kind": chance.choice(list(DocumentKind)),
        "number": f"R-{number:06}",
        "lines": lines,
        "specimen": chance.random() < 0.1,
    }
    return base.model_copy(update=changes), chance.choice((None, einvoice_sample()))


def hashes(seed: int, numbers: list[int]) -> dict[int, str]:
    renderer, made = PdfRenderer(), {}
    for number in numbers:
        content, xml = drawn(seed, number)
        made[number] = hashlib.sha256(renderer.render(content, xml=xml)).hexdigest()
    return made


def elsewhere(seed: int, documents: int) -> dict[int, str]:
    """The hashes from a new process."""
    done = subprocess.run(
        [sys.executable, __file__, "--again", "--documents", str(documents), "--seed", str(seed)],
        cwd=ROOT,
        env={
            "PATH": os.defpath,
            "PYTHONHASHSEED": "42",
            "TZ": "Asia/Tokyo",
            "HOME": "/nonexistent",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return {int(number): digest for number, digest in json.loads(done.stdout).items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--again", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    numbers = list(range(asked.documents))
    if asked.again:
        print(json.dumps(hashes(asked.seed, numbers[::-1])))
        return 0
    here, there = hashes(asked.seed, numbers), elsewhere(asked.seed, asked.documents)
    identical = sum(here[number] == there.get(number) for number in numbers)
    result = {"documents": asked.documents, "identical": identical, "seed": asked.seed}
    return finish(result, good=identical == asked.documents)


if __name__ == "__main__":
    raise SystemExit(main())
