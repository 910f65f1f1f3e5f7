"""Logos and templates on the settings page: kept when fit, named at their place when not."""

from __future__ import annotations

import io
from typing import Any

from flask.testing import FlaskClient
from PIL import Image

from app.db.stores import store_by_name
from app.domain.store_settings import Documents
from app.usecases.stores import settings_of
from app.web.settings_form import fields_of
from tests.web.site import TOKEN, Site

PATH = "/setup/shops/tea/settings"


def logo(size: tuple[int, int] = (80, 30)) -> bytes:
    target = io.BytesIO()
    Image.effect_noise(size, 80).save(target, "PNG")
    return target.getvalue()


def in_force(site: Site) -> Documents:
    with site.services.db.read() as session:
        store = store_by_name(session, "tea")
        assert store
        return settings_of(session, store.id).documents


def untouched(site: Site) -> dict[str, Any]:
    """What the form sends when nothing was changed."""
    with site.services.db.read() as session:
        store = store_by_name(session, "tea")
        assert store
        values = settings_of(session, store.id).model_dump(mode="json")
    form: dict[str, Any] = {}
    for section in fields_of(values):
        for field in section.fields:
            if field.kind == "check":
                form |= {field.key: "yes"} if field.value else {}
            elif field.kind == "weekdays":
                form[field.key] = [str(day) for day in field.value]
            elif field.kind not in ("picture", "template"):
                form[field.key] = "" if field.value is None else field.value
    return form


def send(site: Site, client: FlaskClient, **more: Any) -> Any:
    token = TOKEN.search(client.get(PATH).text)
    assert token
    form = {"csrf_token": token[1], **untouched(site), **more}
    done = client.post(PATH, data=form, content_type="multipart/form-data")
    done.request.environ["wsgi.input"].close()  # the client spools a large form to a file
    return done


def test_a_logo_is_handed_in_kept_and_taken_away(site: Site) -> None:
    client = site.client("owner")
    done = send(site, client, **{"documents.logo": (io.BytesIO(logo()), "logo.png")})
    assert done.status_code == 302
    digest = in_force(site).logo
    assert len(digest) == 64
    assert digest[:8] in client.get(PATH).text
    assert send(site, client).status_code == 302
    assert in_force(site).logo == digest, "a form without a file leaves the one that is there"
    send(site, client, **{"documents.logo.remove": "yes"})
    assert in_force(site).logo == ""


def test_a_large_logo_fits_through_the_form(site: Site) -> None:
    data = logo((1000, 900))
    assert len(data) > 800_000
    done = send(site, site.client("owner"), **{"documents.logo": (io.BytesIO(data), "a.png")})
    assert done.status_code == 302 and in_force(site).logo


def test_what_is_no_picture_is_named_at_its_place(site: Site) -> None:
    bad = {"documents.logo": (io.BytesIO(b"<svg onload=alert(1)>"), "logo.svg")}
    done = send(site, site.client("owner"), **bad)
    assert done.status_code == 422
    assert 'id="wrong-documents.logo"' in done.text and "neither a PNG nor a JPEG" in done.text
    assert "onload" not in done.text and in_force(site).logo == ""


def test_a_template_is_tried_out_before_it_is_kept(site: Site) -> None:
    client = site.client("owner")
    bad = {"documents.template": (io.BytesIO(b"{{ doc.nothing }}"), "own.html")}
    done = send(site, client, **bad)
    assert done.status_code == 422 and "nothing" in done.text
    good = {"documents.template": (io.BytesIO(b"{% extends layout.template %}"), "own.html")}
    assert send(site, client, **good).status_code == 302
    assert len(in_force(site).template) == 64


def test_the_form_cannot_name_a_file_that_was_never_handed_in(site: Site) -> None:
    done = send(site, site.client("owner"), **{"documents.logo": "ab" * 32})
    assert done.status_code == 302 and in_force(site).logo == ""
