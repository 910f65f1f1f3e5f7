"""Many rows at once, those that are there already left alone."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DataError

from app.db.search import SearchWord
from app.db.upsert import insert_missing
from tests.world import World


def words(store_id: int, *texts: str) -> list[dict[str, object]]:
    same = {"store_id": store_id, "kind": "name", "backwards": False}
    return [same | {"word": text} for text in texts]


def test_rows_that_are_there_are_left_alone(a_world: World) -> None:
    store = a_world.connect()
    with a_world.services.db.write() as session:
        insert_missing(session, SearchWord, words(store.id, "anna", "köhler"))
        insert_missing(session, SearchWord, words(store.id, "köhler", "'); --", "花子"))
        insert_missing(session, SearchWord, [])
        found = session.scalars(select(SearchWord.word).order_by(SearchWord.id)).all()
    assert found == ["anna", "köhler", "'); --", "花子"]


def test_a_text_that_is_too_long_is_refused_and_not_cut(a_world: World) -> None:
    store = a_world.connect()
    if a_world.services.db.is_sqlite:
        pytest.skip("SQLite knows no length")
    with pytest.raises(DataError), a_world.services.db.write() as session:
        insert_missing(session, SearchWord, words(store.id, "x" * 61))
