"""`python -m workers`: one worker process."""

from __future__ import annotations

import sys

from app.errors import KikubariError
from workers.process import run

try:
    run()
except KikubariError as error:
    sys.exit(f"kikubari worker: {error.sentence()}")
