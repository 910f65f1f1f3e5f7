"""The process that renders sample documents with an own template before it is used.

    template on standard input -> limits -> every kind, three languages, many lines -> exit code

0: all were rendered. 1: standard output says what was wrong. Anything else: the limits ended it.
"""

from __future__ import annotations

import hashlib
import resource
import sys
from contextlib import suppress

from app.adapters.own_template import MEMORY, SECONDS
from app.adapters.pdf import PdfRenderer
from app.adapters.sample_documents import sample, samples
from app.errors import RenderingFailed


def main() -> int:
    source = sys.stdin.buffer.read()
    digest = hashlib.sha256(source).hexdigest()
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    with suppress(ValueError, OSError):  # macOS knows no such limit; that of time stays
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    renderer = PdfRenderer()
    renderer.render(sample("en"))  # its first start writes a font configuration; from now on:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        for content in samples():
            design = content.design.model_copy(update={"template": digest})
            renderer.render(content.model_copy(update={"design": design}), files={digest: source})
    except RenderingFailed as error:
        print(str(error)[:500])
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
