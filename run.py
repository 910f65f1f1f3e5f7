#!/usr/bin/env python3
"""One command for a fresh machine: `python3 run.py`. See `python3 run.py --help`.

Standard library only. Everything is in app/launch/; this file stays readable for
old Pythons, so that they are told what is wrong instead of a syntax error.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        "Kikubari needs Python 3.11 or newer; this is Python %d.%d (%s).\n"  # noqa: UP031
        "Install a newer Python and call it by its name, for example: python3.12 run.py"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )

from app.launch.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
