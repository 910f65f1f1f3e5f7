"""`python -m workers`: one worker process."""

from __future__ import annotations

import os
import sys

from app.errors import KikubariError
from workers.process import run

os.umask(0o077)  # what it writes is personal data
try:
    run()
except KikubariError as error:
    sys.exit(f"kikubari worker: {error.sentence()}")
