"""How long a document takes to become a file, beside the least that any program could do.

    .venv/bin/python benchmarks/render.py --lines 6
    .venv/bin/python benchmarks/render.py --lines 60
    .venv/bin/python benchmarks/render.py --language ja

Ours: the whole layout as PDF/A-3b, with an EN 16931 invoice of 9 KB embedded. The floor: reportlab
lays out and draws the same texts, rules and totals with the same fonts embedded (floor.py). Beside
it, `by_hand_ms`: reportlab's canvas alone, which is told every place (floor_by_hand.py). All in
this process, in turn, so that a busy machine slows all; medians of `--rounds`. In Japanese there is
no floor (null), because reportlab embeds no OpenType fonts with cubic outlines; the German document
of as many lines is measured in its place (`times_latin`). Memory is what the process holds after
warming up, and by how much it has grown after `--renders` more documents.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import finish  # first: it makes the project importable

from app.adapters.pdf import PdfRenderer
from app.domain.invoice import DocumentContent
from benchmarks.floor import Floor
from benchmarks.floor_by_hand import ByHand
from tests.documents.contents import GERMAN, JAPANESE, document, einvoice_sample, line

REACH = {6: 4.0, 60: 6.2}
"""The most that ours may take, in floors."""
LARGEST_JAPANESE = 130_000
MOST_TIMES_LATIN = 2.0
MOST_GROWTH_MB = 5.0


def content_of(lines: int, language: str) -> DocumentContent:
    """An invoice with every part that a usual one has."""
    if language == "ja":
        return JAPANESE.model_copy(update={"lines": (JAPANESE.lines * lines)[:lines]})
    if lines <= len(GERMAN.lines):
        return GERMAN.model_copy(update={"lines": GERMAN.lines[:lines]})
    many = tuple(
        line(f"Sencha aus Kagoshima, Ernte {1960 + n}", "10.00", sku=f"S-{n:03}")
        for n in range(lines)
    )
    return document(lines=many)


def in_turn(works: list[Callable[[], Any]], rounds: int) -> list[list[float]]:
    """Milliseconds of each work, each round of all in turn; three rounds are thrown away."""
    taken: list[list[float]] = [[] for _ in works]
    for number in range(rounds + 3):
        for index, work in enumerate(works):
            started = time.perf_counter()
            work()
            if number >= 3:
                taken[index].append((time.perf_counter() - started) * 1000)
    return taken


def resident_mb() -> float:
    """What the process holds in memory (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kilobytes = next(row.split()[1] for row in status.splitlines() if row.startswith("VmRSS"))
    return int(kilobytes) / 1024


def growth_mb(work: Callable[[], Any], renders: int) -> tuple[float, float]:
    """Memory after warming up, and by how much it is more after `renders` documents."""
    for _ in range(50):
        work()
    before = resident_mb()
    for _ in range(renders):
        work()
    return before, resident_mb() - before


def measure(lines: int, language: str, rounds: int, renders: int) -> dict[str, Any]:
    renderer = PdfRenderer()
    renderer.warm_up()
    content, xml = content_of(lines, language), einvoice_sample()
    rss, growth = growth_mb(lambda: renderer.render(content, xml=xml), renders)
    latin = content_of(len(content.lines), "de")
    works = [
        lambda: renderer.render(content, xml=xml),
        lambda: renderer.render(latin, xml=xml),
        Floor(latin).draw,
        ByHand(latin).draw,
    ]
    taken = in_turn(works, rounds)
    ours, german, least, by_hand = (statistics.median(each) for each in taken)
    japanese = language == "ja"
    return {
        "lines": len(content.lines),
        "language": language,
        "median_ms": round(ours, 1),
        "p90_ms": round(statistics.quantiles(taken[0], n=10)[-1], 1),
        "floor_ms": None if japanese else round(least, 1),
        "ratio_to_floor": None if japanese else round(ours / least, 2),
        "by_hand_ms": None if japanese else round(by_hand, 1),
        "times_latin": round(ours / german, 2) if japanese else None,
        "bytes": len(renderer.render(content, xml=xml)),
        "rss_mb": round(rss, 1),
        "rss_growth_mb": round(growth, 1),
    }


def is_good(result: dict[str, Any]) -> bool:
    if result["rss_growth_mb"] > MOST_GROWTH_MB:
        return False
    if result["language"] == "ja":
        return result["bytes"] <= LARGEST_JAPANESE and result["times_latin"] <= MOST_TIMES_LATIN
    return result["ratio_to_floor"] <= REACH.get(result["lines"], max(REACH.values()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=6)
    parser.add_argument("--language", choices=("de", "ja"), default="de")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--renders", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="nothing here is left to chance")
    asked = parser.parse_args()
    result = measure(asked.lines, asked.language, asked.rounds, asked.renders)
    return finish(result, good=is_good(result))


if __name__ == "__main__":
    raise SystemExit(main())
