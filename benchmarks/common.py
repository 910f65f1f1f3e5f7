"""What the benchmarks share: a fresh world in a temporary folder, and the last line as JSON."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.adapters.pdf import PdfRenderer  # noqa: E402
from app.db.engine import Database  # noqa: E402
from app.db.schema import upgrade  # noqa: E402
from tests.world import World, world  # noqa: E402


@contextmanager
def fresh_world() -> Iterator[World]:
    """The product and a demo shop on an empty SQLite database."""
    with tempfile.TemporaryDirectory(prefix="kikubari-") as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        db = Database(url)
        upgrade(db)
        db.dispose()
        with world(Path(folder) / "data", url, PdfRenderer()) as made:
            yield made


def finish(result: dict[str, Any], *, good: bool) -> int:
    """Print the result as the last line; the exit code."""
    print(json.dumps(result))
    return 0 if good else 1
