"""What the documents say is so: settings, commands, links, licences, and every command is run."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
import time_machine
from click.testing import CliRunner
from PIL import Image
from pydantic import BaseModel, SecretStr

from app.cli import output
from app.cli.__main__ import main as command_line
from app.db.schema import Base
from app.demo.server import running
from app.domain.store_settings import ShopSettings, read_settings
from app.factory import create_app
from app.launch import main as launcher
from app.launch.settings import LaunchSettings
from app.settings import Settings
from app.usecases.manage_stores import find_store
from tests.recorded import FOLDER as RECORDINGS
from tests.recorded import named
from tests.world import START, World, signed_headers

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), RECORDINGS / "README.md"]
    if path.is_file()
)
PLAIN_TEXTS = [ROOT / "NOTICE", ROOT / "LICENSE", ROOT / ".env.example"]
SILENT = {"saxonche"}
"""Packages whose metadata names no licence; what the NOTICE says of them is their makers' page."""
HANDED_ON = {"chaos"}
"""Words of run.py that are scripts of benchmarks/, with a help of their own."""


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands below a heading, up to the next of its level."""
    match = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", text, re.M | re.S)
    assert match, f"no section {title!r}"
    return match[2]


def table(text: str) -> dict[str, str]:
    """First and second column of the tables: `name` and default."""
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|", text, re.M)
    assert len(dict(rows)) == len(rows), "a name stands twice"
    return {name: default.strip("`") for name, default in rows}


def fenced(text: str, language: str = "sh") -> list[str]:
    blocks = re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.M | re.S)
    return [block.strip() for block in blocks]


def commands(text: str) -> list[list[str]]:
    """Every `python3 run.py …` of a document, as words; `[]` for the bare command."""
    lines = [line.strip() for block in fenced(text) for line in block.splitlines()]
    return [shlex.split(line)[2:] for line in lines if re.match(r"python3 run\.py( |$)", line)]


# settings


def defaults() -> dict[str, str]:
    """Every setting of the installation with its default, as it is written in a file."""
    found = {}
    for name, field in Settings.model_fields.items():
        value = field.default
        value = value.get_secret_value() if isinstance(value, SecretStr) else value
        found[name.upper()] = f"{value:g}" if isinstance(value, float) else str(value)
    return found


def test_the_example_file_holds_every_setting_with_its_default_and_nothing_else() -> None:
    lines = [line for line in read(".env.example").splitlines() if not line.startswith("#")]
    assert dict(line.split("=", 1) for line in lines if line) == defaults()


def test_a_copied_example_file_changes_nothing(tmp_path: Path) -> None:
    copied = Settings(_env_file=ROOT / ".env.example")  # type: ignore[call-arg]
    assert copied == Settings(_env_file=None)  # type: ignore[call-arg]


def test_every_setting_of_the_installation_is_documented_and_no_other() -> None:
    said = table(section(read("docs/settings.md"), "Settings of the installation"))
    assert said == {name: default or "empty" for name, default in defaults().items()}


def test_the_launcher_and_the_application_mean_the_same_defaults() -> None:
    for field in dataclasses.fields(LaunchSettings):
        if field.name != "data_dir":
            assert field.default == Settings.model_fields[field.name].default, field.name


def shop_defaults(model: BaseModel, before: str = "") -> Iterator[tuple[str, str]]:
    plain = model.model_dump(mode="json")
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from shop_defaults(value, f"{before}{name}.")
        else:
            default = plain[name]
            sortable = isinstance(value, frozenset)
            yield before + name, json.dumps(sorted(default) if sortable else default)


def test_every_setting_of_a_shop_is_documented_and_no_other() -> None:
    said = table(section(read("docs/settings.md"), "Settings of a shop"))
    assert said == dict(shop_defaults(ShopSettings()))


def test_the_example_of_a_shops_settings_is_accepted() -> None:
    (example,) = fenced(read("docs/settings.md"), "toml")
    assert read_settings(tomllib.loads(example)).seller.name == "Tea Ltd"


# commands


def leaves(
    group: click.Command, words: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words."""
    if not isinstance(group, click.Group):
        yield " ".join(words), group
        return
    for name, command in group.commands.items():
        yield from leaves(command, (*words, name))


LEAVES = dict(leaves(command_line))
GROUPS = sorted(command_line.commands)  # type: ignore[attr-defined]


def test_every_command_has_its_section() -> None:
    headings = re.findall(r"^### `([^`]+)`$", read("docs/commands.md"), re.M)
    assert sorted(headings) == sorted([*LEAVES, *launcher.WORDS])


@pytest.mark.parametrize("words", [*LEAVES, *GROUPS])
def test_every_command_explains_itself_with_an_example(words: str) -> None:
    said = CliRunner().invoke(command_line, [*words.split(), "--help"])
    assert said.exit_code == 0 and f"Example:  python3 run.py {words}" in said.output


@pytest.mark.parametrize("words", LEAVES)
def test_every_command_prints_json_on_request(words: str) -> None:
    assert any("--json" in option.opts for option in LEAVES[words].params)


@pytest.mark.parametrize("words", LEAVES)
def test_the_example_in_a_commands_help_can_be_read_by_it(words: str) -> None:
    text = (LEAVES[words].help or "").partition("Example:")[2].replace("\\\n", " ")
    given = shlex.split(text)[2:]
    assert given[: len(words.split())] == words.split()
    LEAVES[words].make_context(words, given[len(words.split()) :])


def launch(*arguments: str) -> subprocess.CompletedProcess[str]:
    """run.py without any package: it must explain itself before anything is installed."""
    return subprocess.run(
        [sys.executable, "-S", "run.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize("word", [None, *sorted(set(launcher.WORDS) - HANDED_ON)])
def test_every_word_of_run_py_explains_itself_with_an_example(word: str | None) -> None:
    said = launch(*([word] if word else []), "--help")
    assert said.returncode == 0 and not said.stderr
    assert "example" in said.stdout and f"python3 run.py {word or ''}" in said.stdout


def test_the_help_of_run_py_names_every_word() -> None:
    said = launch("--help").stdout
    assert not [word for word in (*launcher.WORDS, *GROUPS) if not re.search(rf"\b{word}\b", said)]


def test_what_is_handed_to_a_benchmark_explains_itself_with_an_example() -> None:
    for word in HANDED_ON:
        script = [sys.executable, f"benchmarks/{word}.py", "--help"]
        said = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert said.returncode == 0 and f"benchmarks/{word}.py --" in said.stdout, said.stderr


def test_the_commands_of_the_readme_that_start_things_are_run_before_every_change() -> None:
    """Starting them from here would never end; .ci/run does, in a clean clone."""
    started = [
        given for given in commands(read("README.md")) if not given or given[0] not in GROUPS
    ]
    assert started == [[], ["test"], ["serve"]]
    checked = read(".ci/run")
    assert re.search(r"^step \S+ python3 run\.py test --junitxml=\S+$", checked, re.M)
    assert re.search(r"^step \S+ python3 run\.py demo --once ", checked, re.M)


def test_the_commands_of_the_documents_that_start_things_are_known() -> None:
    for path in DOCUMENTS:
        for word, *_ in filter(None, commands(path.read_text(encoding="utf-8"))):
            assert word in launcher.WORDS or word in GROUPS, f"{path.name}: {word}"


@pytest.fixture
def at_the_keyboard(
    sqlite_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """The command line on a fresh installation; relative paths land in a folder of their own."""
    settings = sqlite_world.services.settings
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("PUBLIC_URL", "https://kikubari.example")
    monkeypatch.setenv("ALLOW_PRIVATE_SHOPS", "true")
    monkeypatch.setenv("CARRIER_SECRET", "a-long-random-text")
    monkeypatch.setenv("SIDEBAR_SECRET", "a-long-random-text-too")
    monkeypatch.chdir(tmp_path)
    with time_machine.travel(START, tick=True):
        output.services.cache_clear()
        yield sqlite_world
        output.services().db.dispose()
        output.services.cache_clear()


EXITS = {"store doctor": (0, 1, 2), "orders forget": (1,)}
"""Of commands that may end otherwise: the shop still has the order that is to be forgotten."""


def run(world: World, given: list[str]) -> str:
    """Run one command with the demo shop in the place of the example's shop."""
    shop = world.shop
    real = {
        "https://tea.example": world.shop_url,
        "ck_1": shop.consumer_key,
        "cs_1": shop.consumer_secret,
    }
    done = CliRunner().invoke(command_line, [real.get(word, word) for word in given])
    expected = EXITS.get(" ".join(given[:2]), (0,))
    assert done.exit_code in expected, (given, done.output, done.exception)
    return done.stdout


def on_the_command_line(text: str) -> list[list[str]]:
    return [given for given in commands(text) if given and given[0] in GROUPS]


def test_every_command_of_the_readme_is_run(at_the_keyboard: World) -> None:
    given = on_the_command_line(read("README.md"))
    assert len(given) >= 8
    for one in given:
        run(at_the_keyboard, one)
    found = json.loads(run(at_the_keyboard, ["store", "show", "tea", "--json"]))
    assert found["mode"] == "live" and found["live_from"]
    assert found["webhook_url"].startswith("https://kikubari.example/webhooks/woocommerce/")


def test_every_command_of_the_settings_page_is_run(at_the_keyboard: World) -> None:
    at_the_keyboard.connect("tea")
    for one in on_the_command_line(read("docs/settings.md")):
        run(at_the_keyboard, one)


def test_every_command_of_its_page_is_run_on_a_recorded_order(at_the_keyboard: World) -> None:
    """In their order; once the shop is live, an order comes in and is worked off."""
    world, seen = at_the_keyboard, set[str]()
    with running(world.shop) as new:
        Image.new("RGB", (60, 20), "navy").save("logo.png")
        Path("invoice.html").write_text("{% extends layout.template %}")
        for words_given in on_the_command_line(read("docs/commands.md")):
            given = [new if word == "https://new-tea.example" else word for word in words_given]
            if given[1:2] == ["moved"]:
                world.shop_url = world.shop.base_url = new
            if given[1:2] in (["copy"], ["moved"]):
                order_comes(world, source=given[-1])
                world.clock.pass_(minutes=5)  # the command line's clock ticks by itself
            if given[0] == "inbox" and not any(words.startswith("inbox") for words in seen):
                order_comes(world)
            run(world, given)
            words = next(words for words in LEAVES if given[: len(words.split())] == words.split())
            if words not in ONLY_ONCE and EXITS.get(words) != (1,):
                json.loads(run(world, [*given, "--json"]))
            seen.add(words)
    assert seen == set(LEAVES)
    assert (Path.cwd() / "invoice.pdf").read_bytes().startswith(b"%PDF")


ONLY_ONCE = {
    *("store add", "staff add", "store pause", "store resume", "store disconnect"),
    "invoices credit",
}
ONLY_ONCE |= {"store copy", "store moved", "staff remove", "sidebars add", "sidebars remove"}
"""Done a second time they say that it is done."""


def order_comes(world: World, source: str = "") -> None:
    """A recorded delivery for the shop `tea`, worked off to its end."""
    one = named("de_guest_paid")
    world.shop.load_recorded(one.payload)
    with world.services.db.read() as session:
        address = f"/webhooks/woocommerce/{find_store(session, 'tea').key}"
    secret = "a-long-random-text"
    headers = signed_headers(
        "order.created", one.body, source=source or world.shop_url, secret=secret
    )
    client = create_app(services=world.services).test_client()
    assert client.post(address, data=one.body, headers=headers).status_code == 200
    world.work()


# documents


def anchors(text: str) -> set[str]:
    """The anchors that headings get on the pages of code hosts."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_pictures_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for is_picture, words, target in re.findall(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)", text):
        if urlsplit(target).scheme:
            continue
        file, _, anchor = target.partition("#")
        found = path if not file else (path.parent / file).resolve()
        assert found.exists() and found.is_relative_to(ROOT), f"{path.name}: {target}"
        assert not is_picture or len(words) > 20, f"{target}: say what the picture shows"
        if anchor:
            assert anchor in anchors(found.read_text(encoding="utf-8")), f"{path.name}: {target}"


@pytest.mark.parametrize(
    "path", [*DOCUMENTS, *PLAIN_TEXTS], ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_document_names_a_place_of_one_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"(?<![\w.])/(?:work|tmp|root|home|opt|var/folders)/\S+", text)
    hosts = {urlsplit(url).hostname for url in re.findall(r"https?://[^\s`\"')<>|;]+", text)}
    assert not [h for h in hosts if not re.fullmatch(r"127\.0\.0\.1|host|…|.+\.example", h or "")]


def test_every_decision_is_listed_and_has_its_parts() -> None:
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", read("docs/decisions/README.md"))
    files = sorted(path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert listed == files and files
    for number, name in enumerate(files, start=1):
        text = read(f"docs/decisions/{name}")
        titles = re.findall(r"^#+ (.+)$", text, re.M)
        assert titles[0].startswith(f"{number}. ") and titles[-2:] == ["Decision", "Consequences"]
        assert len(titles) == 4 and len(text.split()) < 500, name


def test_every_table_of_the_database_stands_in_the_design() -> None:
    text = section(read("docs/design.md"), "The tables")
    assert not [name for name in Base.metadata.tables if f"`{name}`" not in text]


def test_modules_that_the_design_names_exist() -> None:
    text = read("docs/design.md")
    for name in re.findall(r"`((?:app|workers|domain|usecases|templates|tests)/[\w/.]+)`", text):
        assert (ROOT / name).exists() or (ROOT / "app" / name).exists(), name


def test_every_observation_that_is_cited_is_in_the_list() -> None:
    listed = {
        int(n) for n in re.findall(r"^(\d+)\. ", (RECORDINGS / "README.md").read_text(), re.M)
    }
    assert listed == set(range(1, max(listed) + 1))
    sources = [
        path
        for folder, end in (("app", "py"), ("workers", "py"), ("tests", "py"), ("docs", "md"))
        for path in (ROOT / folder).rglob(f"*.{end}")
    ]
    cited = 0
    for path in sources:
        for numbers in re.findall(
            r"\(recordings, ([\d, and:to]+)", path.read_text(encoding="utf-8")
        ):
            cited += 1
            assert {int(n) for n in re.findall(r"\d+", numbers)} <= listed, path
    assert cited > 20


# licences


def locked(name: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", read(name), re.M))


def noted() -> dict[str, str]:
    text = read("NOTICE").partition("Python packages\n")[2]
    return dict(
        re.findall(r"^([a-z0-9][a-z0-9._-]*) +([A-Z0-9]\S*(?: (?:AND|OR) \S+)*)$", text, re.M)
    )


def families(words: str) -> set[str]:
    """The families of licences that a text names."""
    signs = {
        "LGPL": r"LGPL|Lesser General",
        "GPL": r"(?<![AL])GPL|(?<!Lesser )(?<!Affero )General Public License",
        "AGPL": r"AGPL|Affero",
        "MPL": r"MPL|Mozilla",
        "Apache": r"Apache",
        "BSD": r"BSD",
        "MIT": r"MIT(?![a-z])",
        "PSF": r"PSF|Python Software",
        "Public-Domain": r"Public.Domain",
    }
    return {family for family, sign in signs.items() if re.search(sign, words)}


def test_the_notice_names_every_locked_package_and_no_other() -> None:
    assert set(noted()) == locked("requirements.txt") | locked("requirements-dev.txt")
    assert locked("requirements.txt") < locked("requirements-mcp.txt") < set(noted())


def test_the_notice_says_what_the_packages_say_of_themselves() -> None:
    checked = 0
    for name, licence in noted().items():
        try:
            said = metadata.metadata(name)
        except metadata.PackageNotFoundError:  # for another platform
            continue
        classifiers = [c for c in said.get_all("Classifier", []) if c.startswith("License ::")]
        if name in SILENT:
            continue
        words = said["License-Expression"] or " ".join([said["License"] or "", *classifiers])
        claimed = families(words[:3000])
        assert claimed and families(licence) <= claimed | families(words), (name, words[:200])
        assert ("GPL" in licence) == bool(claimed & {"GPL", "LGPL", "AGPL"}), (name, licence)
        checked += 1
    assert checked > 80


def test_packages_with_conditions_are_named_above_the_list() -> None:
    opening = read("NOTICE").partition("Python packages\n")[2].partition("To run")[0]
    for name, licence in noted().items():
        if families(licence) & {"LGPL", "GPL", "AGPL", "MPL"}:
            assert name in opening, name


def test_every_font_and_vendored_file_is_noted() -> None:
    text = read("NOTICE")
    folders = (ROOT / "app/web/static/vendor", ROOT / "tests/web/vendor")
    vendored = {path.name.split("-")[0] for folder in folders for path in folder.iterdir()}
    assert not [name for name in vendored if name not in text.lower()]
    assert (ROOT / "templates/documents/fonts/OFL.txt").exists() and "OFL.txt" in text


def test_the_lock_files_name_no_registry() -> None:
    for name in ("requirements.txt", "requirements-mcp.txt", "requirements-dev.txt"):
        assert not re.findall(r"index-url|find-links|^[^#]*://", read(name), re.M)
