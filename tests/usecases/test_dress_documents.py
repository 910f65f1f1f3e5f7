"""A logo is kept under its hash for ever, and documents keep the look they were issued with."""

from __future__ import annotations

import hashlib
import io

import pypdf
import pytest
from PIL import Image
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from app.adapters.pdf import PdfRenderer
from app.adapters.picture import prepared_logo
from app.db.assets import Asset
from app.db.documents import Document
from app.errors import FileRefused, UnknownStore
from app.usecases.compose_document import content_of
from app.usecases.dress_documents import files_of, keep_file, take_away
from app.usecases.render_document import document_pdf
from app.usecases.stores import settings_of
from tests.world import World


@pytest.fixture
def press(renderer: PdfRenderer) -> PdfRenderer:
    return renderer


def picture(colour: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (120, 40), colour).save(target, "PNG")
    return target.getvalue()


def hand_in(world: World, colour: str = "navy") -> str:
    s = world.services
    kept = s.file_checks["logo"](picture(colour))
    return keep_file(s.db, "tea", "logo", kept, who="test", now=world.clock())


def logo_in_use(world: World) -> str:
    with world.services.db.read() as session:
        store = session.scalars(select(Asset.store_id)).first()
        assert store
        return settings_of(session, store).documents.logo


def test_a_logo_is_kept_once_and_used_from_then_on(a_world: World) -> None:
    a_world.connect()
    digest = hand_in(a_world)
    assert digest == hand_in(a_world) == logo_in_use(a_world)
    with a_world.services.db.read() as session:
        (kept,) = session.scalars(select(Asset))
        assert kept.media_type == "image/png" and kept.saved_by == "test"
        assert hashlib.sha256(kept.body).hexdigest() == digest
        assert kept.body == prepared_logo(picture("navy"))[1]
    take_away(a_world.services.db, "tea", "logo", who="test", now=a_world.clock())
    assert logo_in_use(a_world) == ""
    assert a_world.count(Asset) == 1


def test_a_kept_file_is_never_changed_or_deleted(a_world: World) -> None:
    a_world.connect()
    hand_in(a_world)
    for statement in (update(Asset).values(body=b"other"), delete(Asset)):
        with (
            pytest.raises(DatabaseError, match="never changed or deleted"),
            a_world.services.db.write() as session,
        ):
            session.execute(statement)


def test_what_was_refused_leaves_no_trace(a_world: World) -> None:
    a_world.connect()
    with pytest.raises(FileRefused):
        a_world.services.file_checks["logo"](b"no picture")
    with pytest.raises(UnknownStore):
        keep_file(
            a_world.services.db,
            "coffee",
            "logo",
            ("image/png", b"x"),
            who="test",
            now=a_world.clock(),
        )
    assert a_world.count(Asset) == 0


def test_a_document_is_rendered_with_the_files_of_its_own_store(sqlite_world: World) -> None:
    """As it would be with the logo in its frozen content."""
    world = sqlite_world
    store = world.connect()
    with world.serving(store):
        world.shop.place_order("DE")
        assert world.shop.deliveries.wait_idle(10)
        world.work()
    digest, s = hand_in(world), world.services
    with s.db.read() as session:
        document = session.scalars(select(Document)).one()
        content = content_of(document)
        design = content.design.model_copy(update={"logo": digest})
        files = files_of(session, document.store_id, design)
        assert files_of(session, document.store_id + 1, design) == {}
    pdf = s.renderer.render(content.model_copy(update={"design": design}), files=files)
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages[0].images) == 1
    _, kept = document_pdf(s.db, s.press, document.id)
    assert len(pypdf.PdfReader(io.BytesIO(kept)).pages[0].images) == 0
