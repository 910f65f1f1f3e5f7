"""The demo shop: a small WooCommerce look-alike that plays the other side.

It keeps its own state, speaks the REST v3 routes this project uses, sends signed webhooks and
shows what its customers were mailed. It serves the interactive demo, the tests and the
benchmarks, and imports nothing else from `app`. "(recordings, N)" in its docstrings points to
the observed behaviour with that number; tests/demo holds it to the recordings themselves.
"""
