"""A sentence of ours that was kept comes back as one; nobody else's words ever do."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.db.documents import DocumentFile
from app.db.engine import Database
from app.db.schema import Base
from app.db.tasks import Task
from app.db.types import SaidText
from app.domain.mailer import MailState
from app.i18n import translations
from app.said import MADE_OF, OnPages, Said, as_kept, to_keep, with_mend

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DISCONNECTED = Said("%(store)s is disconnected", store="tea")
HOSTILE = (
    f'tea{MADE_OF}["%(store)s is disconnected",{{"store":"tea"}}]',
    f'tea is disconnected{MADE_OF}["%(store)s is disconnected",{{"store":"tea"}}]',
    f"tea is disconnected{MADE_OF}null",
    f"{MADE_OF}",
    f'{MADE_OF}["",{{}}]{MADE_OF}null',
    '["%(store)s is disconnected",{"store":"tea"}]',
    f"{MADE_OF}{'[' * 100_000}",
)
"""What a shop might write, if it knew how we keep our sentences."""


def german(words: str) -> str:
    return str(words.again(translations("de").gettext)) if isinstance(words, Said) else words


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.dispose()


def keep(db: Database, words: str) -> str:
    """What a task's words come back as, written and read by two sessions."""
    with db.write() as session:
        session.execute(
            text(
                "INSERT INTO stores (id, name, key, url, auth, is_demo, mode, mode_since, "
                "consumer_key, consumer_secret, webhook_secret, created_at, plain_permalinks) "
                "VALUES (1, 'tea', 'k', 'https://tea.example', 'header', :no, 'live', :at, "
                ":x, :x, :x, :at, :no)"
            ),
            {"no": False, "x": b"x", "at": NOW.isoformat()},
        )
        session.execute(
            text(
                "INSERT INTO orders (id, store_id, remote_id, number, status, currency, total, "
                "buyer, email, payload, read_at, promise_version) VALUES "
                "(1, 1, 1, '84', 'completed', 'EUR', '1', '', '', '{}', :at, 0)"
            ),
            {"at": NOW.isoformat()},
        )
        task = Task(store_id=1, order_id=1, kind="x", cause="x", words=words, created_at=NOW)
        session.add(task)
    with db.read() as session:
        return session.get_one(Task, task.id).words


def test_a_sentence_comes_back_as_one_and_reads_in_english(db: Database) -> None:
    said = Said(
        "%(store)s: %(why)s, %(number)s times, for %(amount)s",
        store="茶 „%(x)s“ 100 %",
        why=DISCONNECTED,
        number=3,
        amount=Decimal("1.50"),
    )
    kept = keep(db, said)
    assert kept == said == "茶 „%(x)s“ 100 %: tea is disconnected, 3 times, for 1.50"
    assert isinstance(kept, Said) and german(kept).startswith("茶 „%(x)s“ 100 %: tea ist getrennt")
    assert kept.values["number"] == 3 and kept.values["amount"] == "1.50"
    with db.read() as session:
        stands = session.scalar(text("SELECT words FROM tasks"))
        assert stands is not None and stands.startswith(str(said)), "read there in English too"
        assert session.query(Task).filter(Task.words == said).count() == 1


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_what_looks_like_our_own_is_read_as_it_was_written(db: Database, words: str) -> None:
    kept = keep(db, words)
    assert type(kept) is str and kept == words[:1000]


@pytest.mark.parametrize("words", ["tea is disconnected", "", "100 %", "%(store)s", *HOSTILE[:1]])
def test_rows_of_before_are_read_as_they_stand(db: Database, words: str) -> None:
    keep(db, "x")
    with db.write() as session:
        session.execute(text("UPDATE tasks SET words = :words"), {"words": words})
    with db.read() as session:
        kept = session.query(Task).one().words
    assert type(kept) is str and kept == words


def test_what_is_too_long_is_cut_and_is_plain_english(db: Database) -> None:
    long = Said("%(words)s it goes on", words="x" * 995)
    kept = keep(db, long)
    assert type(kept) is str and kept == long[:1000]


def test_what_a_sentence_is_made_of_is_bounded_too() -> None:
    hidden = Said("short", unsaid="x" * 10_000)
    assert as_kept(to_keep(hidden, 500)) == "short"
    assert len(to_keep(hidden, 500)) <= 500


def test_a_plain_text_becomes_a_sentence_where_its_english_is_the_same(db: Database) -> None:
    """Else what was written before stays English for ever."""
    keep(db, "tea is disconnected")
    with db.write() as session:
        session.query(Task).one().words = DISCONNECTED
    with db.read() as session:
        assert isinstance(session.query(Task).one().words, Said)


@given(st.text(), st.integers(), st.text())
def test_whatever_the_values_are_they_come_back(word: str, number: int, other: str) -> None:
    said = Said("%(a)s, %(b)s: %(c)s", a=word, b=number, c=Said("%(d)s!", d=other))
    kept = as_kept(to_keep(said))
    assert kept == said and isinstance(kept, Said)
    assert kept.values == said.values


@given(st.text(alphabet=st.sampled_from([*'[]{}",:%()sdnul', MADE_OF])))
def test_no_plain_text_comes_back_as_a_sentence(word: str) -> None:
    kept = as_kept(to_keep(word))
    assert kept == word and type(kept) is str
    assert as_kept(to_keep(word, 5)) == word[:5]


@given(st.recursive(st.none() | st.integers() | st.text(), lambda one: st.lists(one, max_size=3)))
def test_no_damage_breaks_the_reading(made_of: object) -> None:
    kept = f"tea{MADE_OF}{json.dumps(made_of)}"
    assert as_kept(kept) in (kept, "tea")


def nested(text: str, depth: int) -> object:
    made: object = 1
    for _ in range(depth):
        made = [text, {"x": made}]
    return made


@pytest.mark.parametrize(
    "made_of",
    [
        ["%(x)999999999s", {"x": 1}],
        ["%(x)99999999999s", {"x": 1}],
        ["%(x).999999999f", {"x": 1.0}],
        ["%%%(x)999999999s", {"x": 1}],
        nested("%(x)s" * 40, 6),
        ["tea", {"unused": nested("%(x)s" * 40, 6)}],
    ],
    ids=["wide", "wider than memory", "exact", "after a per cent", "multiplied", "unused"],
)
def test_nor_does_it_ask_for_memory(made_of: object) -> None:
    kept = f"tea{MADE_OF}{json.dumps(made_of)}"
    tracemalloc.start()
    try:
        assert as_kept(kept) == kept
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("depth", [1, 20, 50, 450, 900])
def test_what_was_read_can_be_said_again_however_deep_it_is(depth: int) -> None:
    english = f"{'tea ' * depth}1"
    made_of = '["tea %(x)s",{"x":' * depth + "1" + "}]" * depth
    kept = f"{english}{MADE_OF}{made_of}"
    assert german(as_kept(kept)) in (kept, english)


def test_a_value_that_its_text_does_not_say_is_no_damage() -> None:
    said = Said("%(store)s waits", store="tea", unused=Said("a sentence that is much longer"))
    assert isinstance(as_kept(to_keep(said)), Said)


def test_values_that_are_no_texts_are_kept_as_they_read() -> None:
    kept = as_kept(to_keep(Said("%(fate)s", fate=MailState.MAILED)))
    assert kept == "mailed" and isinstance(kept, Said)
    both = as_kept(to_keep(with_mend(DISCONNECTED, Said("connect the shop again"))))
    assert german(both) == "tea ist getrennt. Verbinden Sie den Shop wieder"


def test_what_a_page_calls_otherwise_is_kept_as_the_command_line_says_it() -> None:
    option = OnPages("--from", "the day of going live")
    assert as_kept(to_keep(option)) == "--from"
    kept = as_kept(to_keep(Said("%(option)s lies in the future", option=option)))
    assert kept == "--from lies in the future"
    assert german(kept) == "--from liegt in der Zukunft"


def test_every_column_for_what_went_wrong_keeps_sentences() -> None:
    named = {"problem", "mend", "outcome", "dropped", "mailer_said"}
    columns = [
        column
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name in named
    ]
    assert {column.name for column in columns} == named
    assert [str(one) for one in columns if not isinstance(one.type, SaidText)] == []
    assert isinstance(DocumentFile.__table__.c.problem.type, SaidText)
