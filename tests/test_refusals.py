"""Whatever is refused is told in the reader's language; command line and API read English.

every error raised in app/ that a page can show -> its words -> `Said`, so that the catalogues
hold them (tests/test_i18n.py walks those)
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.domain.own_words import why_not_to_customers
from app.domain.store_settings import ShopSettings, read_settings, settings_problems
from app.domain.wrong_values import TEXTS, why_wrong
from app.errors import KikubariError, SettingsError
from app.i18n import LANGUAGES, PAGES, translations
from app.said import Said, said_again, with_mend
from app.usecases.manage_stores import FIELDS
from tests.test_i18n import used

ROOT = Path(__file__).parents[1]
SHOWN = ("domain", "db", "usecases", "adapters", "web")
"""Parts of app/ whose errors can reach a page; those of the command line stay there."""
WORDS = {"Said", "OnPages", "gettext", "said", "seen", "mend"}
"""Calls that give words in the reader's language, or that can be said in it."""
SENTENCES = {"_trouble"}
"""Functions that promise a `Said`, to which tests/test_kept_words.py holds them."""
ON_NO_PAGE = {
    "BadSignature": "who knocks without a key is told nothing",
    "KeysRefused": "answered to a shop, not to a person",
    "BackupUnusable": "backups are restored on the command line",
}
AT_WORK = {
    "app/adapters/archive.py": "backups are made on the command line",
    "app/adapters/fence.py": "the processes of one machine",
    "app/adapters/secret_box.py": "start stops",
    "app/db/engine.py": "a page of its own says it",
    "app/db/group_commit.py": "answered to a shop",
    "app/usecases/check_keys.py": "start stops",
    "app/usecases/keep_backup.py": "backups are made on the command line",
    "app/usecases/receive_delivery.py": "answered to a shop",
    "app/usecases/receive_scans.py": "answered to a carrier's service",
    "app/usecases/restore_backup.py": "backups are restored on the command line",
    "app/usecases/resume_installation.py": "asked on the command line",
    "app/usecases/set_carrier.py": "asked on the command line",
    "app/usecases/set_mail_server.py": "asked on the command line",
}
"""Where errors meet no form, and why. A new module is no such place before it stands here."""


def kinds_of_errors() -> set[str]:
    tree = ast.parse((ROOT / "app/errors.py").read_text())
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef)} - {*ON_NO_PAGE}


def raw_words(tree: ast.Module, *, with_values: bool = False) -> Iterator[tuple[int, str]]:
    """Lines where an error, or a notice of a page, gets words that can be said in English only.
    `with_values`: a ValueError's words too, where pydantic hands them on to a form."""
    named = kinds_of_errors() | ({"ValueError"} if with_values else set())
    assigned: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                assigned.setdefault(ast.unparse(target), []).append(node.value)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "mend")]
        if name in named:
            wrong = [one for one in given if not _can_be_said(one, assigned)]
        elif name == "flash":
            wrong = [one for one in given if isinstance(one, ast.Constant)]
        else:
            wrong = []
        yield from ((one.lineno, ast.unparse(one)) for one in wrong)


def _can_be_said(node: ast.expr, assigned: dict[str, list[ast.expr]]) -> bool:
    """Words of ours, or a name for what was decided elsewhere; no text that is written here."""
    if isinstance(node, ast.Call):
        return ast.unparse(node.func).rpartition(".")[2] in WORDS | SENTENCES
    if isinstance(node, ast.BinOp):  # gettext(…) % {…}
        return isinstance(node.op, ast.Mod) and _can_be_said(node.left, assigned)
    if isinstance(node, ast.BoolOp):
        return all(_can_be_said(one, assigned) for one in node.values)
    if isinstance(node, ast.IfExp):
        return _can_be_said(node.body, assigned) and _can_be_said(node.orelse, assigned)
    if isinstance(node, ast.Name):
        known = assigned.get(node.id, [])
        return not any(isinstance(one, ast.Constant | ast.JoinedStr) for one in known)
    return isinstance(node, ast.Attribute)


def test_every_refusal_that_a_page_can_show_can_be_said_in_its_language() -> None:
    found = [
        f"{name}:{line} {words}"
        for part in SHOWN
        for path in sorted((ROOT / "app" / part).rglob("*.py"))
        if (name := str(path.relative_to(ROOT))) not in AT_WORK
        for line, words in raw_words(
            ast.parse(path.read_text()),
            with_values=path.stem in ("store_settings", "mail_server"),
        )
    ]
    assert found == [], "write it as Said(…), with its values by name"


def test_what_meets_no_form_is_still_there() -> None:
    assert [name for name in AT_WORK if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize(
    "source",
    [
        'raise KikubariError("nothing was held")',
        'raise SettingsError(f"there is no {name}", mend=Said("see the list"))',
        'raise SettingsError(Said("there is no such shop"), mend="see the list")',
        'raise errors.CouponRefused("the shop takes no coupons")',
        'MEND = "see the list"\nraise KikubariError(why, mend=MEND)',
        'raise KikubariError(why or "nothing was written")',
        "raise KikubariError(str(error))",
        'flash("Saved.")',
    ],
)
def test_words_in_english_only_are_caught(source: str) -> None:
    assert [*raw_words(ast.parse(source))]


@pytest.mark.parametrize(
    "source",
    [
        'raise KikubariError(Said("order %(number)s waits", number=order.number))',
        'raise SettingsError(gettext("Type %(name)s.") % {"name": name})',
        "raise SettingsError(finding.seen(), mend=finding.mend())",
        "raise CouponRefused(error.what, mend=error.mend)",
        'raise BadSignature("signature")',
        'flash(f"{still} {said(error.sentence())}")',
    ],
)
def test_words_that_can_be_said_are_left_alone(source: str) -> None:
    assert [*raw_words(ast.parse(source))] == []


# the words themselves


def test_a_sentence_is_english_and_can_be_said_again() -> None:
    waits = Said("%(store)s is disconnected", store="tea")
    assert waits == "tea is disconnected" and f"{waits}!" == "tea is disconnected!"
    german = translations("de").gettext
    assert waits.again(german) == "tea ist getrennt"
    assert said_again("tea is disconnected", german) == "tea is disconnected", "no text of ours"


def test_a_sentence_in_a_sentence_is_said_again_too() -> None:
    error = KikubariError(
        Said("%(store)s is disconnected", store="tea"), mend=Said("connect the shop again")
    )
    assert error.sentence() == "tea is disconnected; connect the shop again"
    said = said_again(error.sentence(), translations("ja").gettext)
    assert said == "tea は接続が解除されています。ショップを接続し直してください"
    assert with_mend("as it is", "") == "as it is"


def test_signs_of_per_cent_stay_as_they_are() -> None:
    assert Said("100 % of it") == "100 % of it"
    assert Said("%(a)s %% of it", a="7%(b)s") == "7%(b)s % of it"
    assert Said("%(a)s %% of it", a="7%(b)s").again(str) == "7%(b)s % of it"


def test_an_option_of_the_command_line_is_a_field_on_a_page() -> None:
    empty = Said("%(field)s is empty", field=FIELDS["consumer_key"])
    assert empty == "--consumer-key is empty"
    on_pages = {one: said_again(empty, translations(one).gettext) for one in LANGUAGES}
    assert on_pages["en"] == "Consumer key (ck_…) is empty"
    assert on_pages["de"] == "Consumer key (ck_…) ist leer"
    assert on_pages["ja"] == "コンシューマーキー (ck_…) が空です"
    assert copy.deepcopy(empty).again(str) == on_pages["en"]


def test_no_text_of_a_page_begins_with_an_option() -> None:
    assert [text for _, text in used(PAGES) if isinstance(text, str) and text[:2] == "--"] == []


def test_a_copy_of_a_sentence_can_be_said_again() -> None:
    copied = copy.deepcopy(Said("%(store)s is disconnected", store="100 %"))
    assert copied == "100 % is disconnected"
    assert copied.again(translations("de").gettext) == "100 % ist getrennt"


# what is wrong in a form


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


WRONG: dict[str, tuple[Any, object]] = {
    "string_pattern_mismatch": (Annotated[str, Field(pattern="^[A-Z]{2}$")], "x"),
    "string_too_long": (Annotated[str, Field(max_length=2)], "abc"),
    "string_too_short": (Annotated[str, Field(min_length=2)], "a"),
    "string_type": (str, 5),
    "int_parsing": (int, "five"),
    "int_parsing_size": (int, "9" * 5000),
    "int_from_float": (int, 5.5),
    "decimal_parsing": (Decimal, "five"),
    "finite_number": (Decimal, "NaN"),
    "greater_than": (Annotated[Decimal, Field(gt=0)], "0"),
    "greater_than_equal": (Annotated[int, Field(ge=1)], 0),
    "less_than": (Annotated[Decimal, Field(lt=10)], "10"),
    "less_than_equal": (Annotated[int, Field(le=10)], 11),
    "bool_parsing": (bool, "perhaps"),
    "extra_forbidden": (_Form, {"other": 1}),
}


@pytest.mark.parametrize("kind", WRONG)
def test_the_texts_of_wrong_values_are_those_of_the_library(kind: str) -> None:
    wanted, entered = WRONG[kind]
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(wanted).validate_python(entered)
    (error,) = caught.value.errors()
    assert error["type"] == kind
    assert why_wrong(error) == error["msg"]
    assert isinstance(why_wrong(error), Said)


def test_every_known_kind_of_wrong_value_is_tried() -> None:
    assert {*TEXTS} - {*WRONG} == {"literal_error", "time_parsing"}, "see the form below"


FORM: dict[str, Any] = {
    "seller": {"country": "Germany", "iban": "DE00"},
    "numbering": {"format": "no number at all"},
    "invoicing": {"when": "never", "due_days": "soon"},
    "promise": {"cut_off": "noon", "handling_days": "400"},
    "datev": {"digits": 4, "debtors": 5},
    "coupons": {"kind": "percent", "amount": "120"},
    "mail": {"from_address": "nobody"},
    "time_zone": "Atlantis",
}


def test_each_wrong_field_of_the_settings_is_told_in_each_language() -> None:
    problems = settings_problems(FORM)
    assert {*problems} >= {
        *("seller.country", "seller.iban", "numbering.format", "invoicing.when", "datev"),
        *("invoicing.due_days", "promise.cut_off", "promise.handling_days", "coupons.amount"),
        *("mail.from_address", "time_zone"),
    }
    for language in LANGUAGES[1:]:
        speak = translations(language).gettext
        for field, words in problems.items():
            assert said_again(words, speak) != words, f"{language}: {field}"


def test_a_wrong_setting_is_named_with_its_mend() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"time_zone": "Atlantis"})
    said = caught.value.sentence()
    assert said.startswith("setting time_zone: 'Atlantis' is no time zone")
    assert "Einstellung time_zone" in str(said_again(said, translations("de").gettext))
    assert read_settings({}) == ShopSettings()


def test_own_words_that_are_not_taken_are_explained_in_each_language() -> None:
    english = why_not_to_customers("see https://evil.example/x")
    assert english is not None and english.startswith('"')
    said = {str(said_again(english, translations(one).gettext)) for one in LANGUAGES}
    assert len(said) == len(LANGUAGES)
