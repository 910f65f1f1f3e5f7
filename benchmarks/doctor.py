"""One thing wrong with the demo shop at a time: does the doctor's first line name cause and mend?

    .venv/bin/python benchmarks/doctor.py

Every fault starts from a shop that is connected and healthy; a finding before anything is wrong
is a false alarm, and so is a finding that belongs to another fault.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from common import finish, fresh_world

from app.cli.doctor import report
from tests.ill_shops import ILLNESSES, Illness, patient_in


def judge(illness: Illness) -> tuple[bool, int]:
    """Whether the fault is named, and how many findings say what is not so."""
    with (
        tempfile.TemporaryDirectory(prefix="kikubari-") as folder,
        fresh_world() as world,
        patient_in(world, Path(folder)) as patient,
    ):
        false_alarms = len(patient.examine().findings)
        illness.sow(patient)
        findings = patient.examine().findings
        first = report("tea", findings)[0]
        print(f"{illness.name:34} {first}", file=sys.stderr)
        others = sum(one.check != illness.check for one in findings)
        return illness.cause in first and illness.mend in first, false_alarms + others


def main() -> int:
    argparse.ArgumentParser(description=__doc__.split("\n")[0]).parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    judged = [judge(illness) for illness in ILLNESSES]
    named = sum(is_named for is_named, _ in judged)
    false_alarms = sum(number for _, number in judged)
    result = {"faults": len(judged), "named": named, "false_alarms": false_alarms}
    return finish(result, good=named == len(judged) and not false_alarms)


if __name__ == "__main__":
    raise SystemExit(main())
