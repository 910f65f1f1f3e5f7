"""Data folders that are filled once and copied for each test that changes something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.site import Site, copy_of, open_site, seed


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a shop with orders of every fate."""
    folder = tmp_path_factory.mktemp("seeded")
    seed(folder)
    return folder


@pytest.fixture
def site(seeded: Path, tmp_path: Path) -> Iterator[Site]:
    """A site of the test's own."""
    made = open_site(copy_of(seeded, tmp_path / "site"))
    yield made
    made.services.db.dispose()
