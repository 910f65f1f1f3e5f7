"""The WSGI application: `granian --interface wsgi wsgi:app`."""

import sys

from app.errors import KikubariError
from app.factory import create_app
from app.services import Services
from app.settings import load_settings
from app.usecases.check_keys import check_start

sys.setswitchinterval(0.001)  # many short requests: none should wait long for the others' turn

try:
    services = Services(load_settings())
    check_start(services.db, services.box)  # whoever starts it: `run.py` has looked already
    app = create_app(services=services)
except KikubariError as error:
    sys.exit(f"kikubari: {error.sentence()}")
