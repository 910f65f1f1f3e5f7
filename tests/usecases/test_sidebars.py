"""A token opens one frame, also when it comes many times at one moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from cryptography.fernet import Fernet

from app.adapters.passes import SignedPasses
from app.adapters.secret_box import FernetBox
from app.db.engine import Database
from app.domain.sidebar.question import Vendor
from app.usecases.admit_sidebar import Frame, Gatekeeper, admit_frame
from app.usecases.manage_sidebars import NewSidebar, add_sidebar
from tests.domain.test_sidebar import NOW, ORIGIN, PUBLIC, token


def test_of_many_frames_with_one_token_one_opens(database_url: str) -> None:
    db = Database(database_url)
    box = FernetBox(Fernet.generate_key().decode())
    new = NewSidebar("zen", Vendor.ZENDESK, ORIGIN, "32", "", PUBLIC)
    key = add_sidebar(db, box, new, who="test", now=NOW).sidebar.key
    keeper, given = Gatekeeper(db, box, SignedPasses("of the tests")), token()

    def enter(_: int) -> Frame | None:
        return admit_frame(keeper, key, given, NOW)

    with ThreadPoolExecutor(8) as pool:
        opened = [frame for frame in pool.map(enter, range(16)) if frame]
    assert len(opened) == 1 and opened[0].proof
    db.dispose()
