"""Stop workers in the middle of telling a customer, and let them go on after others took over: is
anything said twice?

    .venv/bin/python benchmarks/stopped.py --times 25

Runs `tests/chaos/test_stopped_workers.py` with so many messages at each of its two moments, on
SQLite, and on PostgreSQL where TEST_DATABASE_URL is set. The last line is JSON; the exit code is 1
if a run failed: a message was said twice, or not at all.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from common import ROOT, finish


def run(times: int) -> dict[str, int]:
    with tempfile.TemporaryDirectory(prefix="kikubari-stopped-") as folder:
        told = Path(folder) / "told.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={told}"]
        command += ["tests/chaos/test_stopped_workers.py"]
        subprocess.run(
            command, cwd=ROOT, env={**os.environ, "STOPPED_TIMES": str(times)}, check=False
        )
        suite = next(ElementTree.parse(told).getroot().iter("testsuite"))
    runs, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    return {"times": times, "runs": runs - skipped, "failed": failed}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=25, help="messages at each moment")
    found = run(parser.parse_args().times)
    return finish(found, good=found["runs"] > 0 and not found["failed"])


if __name__ == "__main__":
    raise SystemExit(main())
