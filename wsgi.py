"""The WSGI application: `granian --interface wsgi wsgi:app`."""

import sys

from app.errors import KikubariError
from app.factory import create_app

sys.setswitchinterval(0.001)  # many short requests: none should wait long for the others' turn

try:
    app = create_app()
except KikubariError as error:
    sys.exit(f"kikubari: {error.sentence()}")
