"""The words under which orders are found: a vocabulary for each store, and where each word stands.

    search_words   (store, word, kind)      one row for each different word
    search_typos   (store, shortened form)  leads from what was mistyped to a word
    search_entries (word, at, order)        the orders of a word, the newest first

A word that no order stands in any more is marked by whoever takes its last order away, and dropped
a moment later: it may be a name that nothing else tells of.

Everything is a walk along an index: what a search costs follows from how much it shows, not from
how many orders there are. The same on SQLite and on PostgreSQL, without extensions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import (
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    delete,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from app.db.base import Base
from app.db.orders import Order, seconds
from app.db.types import BigId
from app.db.upsert import insert_missing
from app.domain.search_words import SPOKEN, Word, WordKind, is_one_edit_away, shortened

AFTER_ALL = "\U0010ffff"
"""Sorts behind every sign that a word can hold."""
MOST_READINGS = 40
"""Words of a store that one typed term may mean."""
DEEPEST = 3_000
"""So many orders of the rarest term are looked through, the newest first."""
STEP = 500
"""Rows in one statement: SQLite takes 32,766 parameters."""


class SearchWord(Base):
    """One word of a store's orders. `word` is folded; `backwards`: written from its end."""

    __tablename__ = "search_words"
    __table_args__ = (
        UniqueConstraint("store_id", "backwards", "word", "kind"),
        Index(
            "ix_search_words_left",
            "id",
            sqlite_where=text("was_left = 1"),
            postgresql_where=text("was_left"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    kind: Mapped[str] = mapped_column(String(10))
    word: Mapped[str] = mapped_column(String(60, collation="C").with_variant(String(60), "sqlite"))
    """Compared sign by sign, whatever the language of the database: beginnings are looked up."""
    backwards: Mapped[bool] = mapped_column()
    was_left: Mapped[bool] = mapped_column(default=False, server_default=false())
    """An order does not hold it any more; perhaps none does."""


class SearchTypo(Base):
    """A word, or it with one letter less."""

    __tablename__ = "search_typos"
    __table_args__ = (Index(None, "store_id", "shortened"),)

    word_id: Mapped[int] = mapped_column(ForeignKey("search_words.id"), primary_key=True)
    shortened: Mapped[str] = mapped_column(String(60), primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))


class SearchEntry(Base):
    """An order that a word stands in. `at`: seconds since 1970 when it was placed, for its rank."""

    __tablename__ = "search_entries"
    __table_args__ = (Index(None, "word_id", "at", "order_id"), {"sqlite_with_rowid": False})

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    word_id: Mapped[int] = mapped_column(ForeignKey("search_words.id"), primary_key=True)
    at: Mapped[int] = mapped_column(BigId)


def orders_to_index(session: Session, limit: int) -> list[Order]:
    """Orders that changed since they were indexed, locked; on PostgreSQL those that another
    transaction holds are left for the next look."""
    query = select(Order).where(Order.search_due).order_by(Order.id).limit(limit)
    return list(session.scalars(query.with_for_update(skip_locked=True)))


def has_to_index(session: Session) -> bool:
    """Whether any order changed since it was indexed."""
    return session.scalar(select(Order.id).where(Order.search_due).limit(1)) is not None


def note_indexed(session: Session, order_ids: Sequence[int]) -> None:
    """These orders are found by what they say now."""
    done = update(Order).where(Order.id.in_(order_ids)).values(search_due=False)
    session.execute(done, execution_options={"synchronize_session": False})


def write_words(session: Session, store_id: int, words: Mapping[Order, frozenset[Word]]) -> None:
    """Let these orders of a store be found under these words, and under no others."""
    ids = _ids_of(session, store_id, {word for found in words.values() for word in found})
    order_ids = [order.id for order in words]
    kept = select(SearchEntry.order_id, SearchEntry.word_id, SearchEntry.at)
    known = {
        (order_id, word_id): at
        for order_id, word_id, at in session.execute(
            kept.where(SearchEntry.order_id.in_(order_ids))
        )
    }
    wanted = {
        (order.id, ids[word]): seconds(order.created_at)
        for order, found in words.items()
        for word in found
    }
    gone = [key for key, at in known.items() if wanted.get(key) != at]
    for order_id, word_id in gone:
        session.execute(
            delete(SearchEntry).where(
                SearchEntry.order_id == order_id, SearchEntry.word_id == word_id
            )
        )
    new = [
        {"order_id": order_id, "word_id": word_id, "at": at}
        for (order_id, word_id), at in wanted.items()
        if known.get((order_id, word_id)) != at
    ]
    insert_missing(session, SearchEntry, new)
    _mark_left(
        session, {word_id for order_id, word_id in gone if (order_id, word_id) not in wanted}
    )


def _mark_left(session: Session, word_ids: Iterable[int]) -> None:
    """Locked in order first, so that no two writers wait for each other in a circle."""
    ordered = sorted(word_ids)
    for start in range(0, len(ordered), STEP):
        these = SearchWord.id.in_(ordered[start : start + STEP])
        query = select(SearchWord.id).where(these).order_by(SearchWord.id)
        session.scalars(query.with_for_update(key_share=True)).all()
        session.execute(
            update(SearchWord).where(these).values(was_left=True),
            execution_options={"synchronize_session": False},
        )


def has_left_words(session: Session) -> bool:
    """Whether `drop_left_words` would find any."""
    return session.scalar(select(SearchWord.id).where(SearchWord.was_left).limit(1)) is not None


def drop_left_words(session: Session, limit: int) -> int:
    """Look at up to `limit` words that an order left, and drop those that no order holds; how many
    were looked at.

    Whoever writes an entry holds its word (`_known`), and a word that somebody holds is left for
    the next look: so none is dropped under an entry that is not committed yet, and who comes while
    it is dropped waits and then writes it anew. Nothing here waits.
    """
    query = select(SearchWord.id).where(SearchWord.was_left).order_by(SearchWord.id).limit(limit)
    ids = list(session.scalars(query.with_for_update(skip_locked=True)))
    held = exists().where(SearchEntry.word_id == SearchWord.id)
    used = set(session.scalars(select(SearchWord.id).where(SearchWord.id.in_(ids), held)))
    free = [word_id for word_id in ids if word_id not in used]
    unsynced = {"synchronize_session": False}
    session.execute(
        update(SearchWord).where(SearchWord.id.in_(used)).values(was_left=False),
        execution_options=unsynced,
    )
    for statement in (
        delete(SearchTypo).where(SearchTypo.word_id.in_(free)),
        delete(SearchWord).where(SearchWord.id.in_(free)),
    ):
        session.execute(statement, execution_options=unsynced)
    return len(ids)


def _ids_of(session: Session, store_id: int, words: Iterable[Word]) -> dict[Word, int]:
    """The ids of words, those that are new too. Written in order, so that no two writers wait for
    each other in a circle."""
    ordered = sorted(words)
    found = _known(session, store_id, ordered)
    new = [word for word in ordered if word not in found]
    made = [
        {"store_id": store_id, "kind": one.kind.value, "word": one.text, "backwards": one.backwards}
        for one in new
    ]
    insert_missing(session, SearchWord, made)
    added = _known(session, store_id, new)
    typos = [
        {"store_id": store_id, "word_id": word_id, "shortened": form}
        for word, word_id in added.items()
        if word.kind in SPOKEN and word.text.isalpha()
        for form in sorted(shortened(word.text))
    ]
    insert_missing(session, SearchTypo, typos)
    return found | added


def _known(session: Session, store_id: int, words: Sequence[Word]) -> dict[Word, int]:
    """The ids of those that are there, which nobody drops until the transaction ends."""
    found: dict[Word, int] = {}
    texts = sorted({word.text for word in words})
    for start in range(0, len(texts), STEP):
        query = select(SearchWord.id, SearchWord.kind, SearchWord.word, SearchWord.backwards).where(
            SearchWord.store_id == store_id,
            SearchWord.backwards.in_([False, True]),
            SearchWord.word.in_(texts[start : start + STEP]),
        )
        held = query.with_for_update(read=True, key_share=True)
        for word_id, kind, word, backwards in session.execute(held):
            found[Word(WordKind(kind), word, backwards)] = word_id
    return {word: found[word] for word in words if word in found}


def readings(
    session: Session, store_ids: Sequence[int], text: str, *, backwards: bool = False
) -> list[SearchWord]:
    """The words of these stores that begin so, the word itself first."""
    found: list[SearchWord] = []
    for store_id in store_ids:
        query = select(SearchWord).where(
            SearchWord.store_id == store_id,
            SearchWord.backwards == backwards,
            SearchWord.word >= text,
            SearchWord.word < text + AFTER_ALL,
        )
        found += session.scalars(query.order_by(SearchWord.word).limit(MOST_READINGS))
    return sorted(found, key=lambda one: one.word)[:MOST_READINGS]


def alike(session: Session, store_ids: Sequence[int], text: str) -> list[SearchWord]:
    """Names and products of these stores that are one edit away."""
    query = (
        select(SearchWord)
        .join(SearchTypo, SearchTypo.word_id == SearchWord.id)
        .where(SearchTypo.store_id.in_(store_ids), SearchTypo.shortened.in_(shortened(text)))
        .distinct()
        .limit(MOST_READINGS * 10)
    )
    near = [one for one in session.scalars(query) if is_one_edit_away(one.word, text)]
    return sorted(near, key=lambda one: one.word)[:MOST_READINGS]


def weight(session: Session, word_ids: Sequence[int]) -> int:
    """How many entries words have, counted no further than `DEEPEST`."""
    some = select(literal(1)).where(SearchEntry.word_id.in_(word_ids)).limit(DEEPEST).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def orders_with(
    session: Session, terms: Sequence[Sequence[int]], *, limit: int, before: tuple[int, int] | None
) -> list[tuple[int, int]]:
    """(at, order id) of the newest orders that hold a word of each term, the rarest term first.

    `before`: the last one of the page before. Of the first term the newest `DEEPEST` are looked
    through: where two common words hardly ever meet, an old order of both may not be found.
    """
    first, *others = terms
    depth = DEEPEST if others else limit
    steps = [_newest_of(word_id, depth, before) for word_id in first]
    some = union_all(*(select(step.subquery()) for step in steps)).subquery()
    query = select(some.c.at, some.c.order_id).distinct()
    for word_ids in others:
        other = aliased(SearchEntry)
        holds = select(literal(1)).where(
            other.order_id == some.c.order_id, other.word_id.in_(word_ids)
        )
        query = query.where(holds.exists())
    query = query.order_by(some.c.at.desc(), some.c.order_id.desc()).limit(limit)
    return [(at, order_id) for at, order_id in session.execute(query)]


def entries_of(
    session: Session, order_ids: Sequence[int], word_ids: Sequence[int]
) -> list[tuple[int, int]]:
    """(order id, word id) for each of these words that stands in one of these orders."""
    query = select(SearchEntry.order_id, SearchEntry.word_id).where(
        SearchEntry.order_id.in_(order_ids), SearchEntry.word_id.in_(word_ids)
    )
    return [(order_id, word_id) for order_id, word_id in session.execute(query)]


def _newest_of(word_id: int, depth: int, before: tuple[int, int] | None) -> Select[tuple[int, int]]:
    query = select(SearchEntry.at, SearchEntry.order_id).where(SearchEntry.word_id == word_id)
    if before is not None:
        at, order_id = before
        earlier = (SearchEntry.at == at) & (SearchEntry.order_id < order_id)
        query = query.where(SearchEntry.at <= at, or_(SearchEntry.at < at, earlier))
    return query.order_by(SearchEntry.at.desc(), SearchEntry.order_id.desc()).limit(depth)
