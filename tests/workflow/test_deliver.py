"""An edition is delivered to each list once, whole, and on record."""

import json
import shutil

import pytest

from labtools.errors import SettingsError, TableError
from labtools.paths import Workbench, bundled
from labtools.publish.delivery import Sent
from labtools.publish.paper import Paper
from labtools.publish.site import build_site
from labtools.settings import load_settings
from labtools.workflow import deliver as module
from labtools.workflow.deliver import RECORD, deliver
from labtools.workflow.steps import Opened
from tests.publish.released_example import write_released

LISTS = """
[delivery]
server = "127.0.0.1"
sender = "lab@municipio.example"

[[delivery.list]]
name = "obras"
to = ["obras@municipio.example"]
colonias = ["C000", "C001"]

[[delivery.list]]
name = "cabildo"
to = ["cabildo@municipio.example"]
fichas = false
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    public = write_released(tmp_path_factory.mktemp("edition") / "public")
    build_site(public, public / "site", paper=Paper(("es_MX",)))
    return public


@pytest.fixture
def bench(tmp_path, made):
    shutil.copytree(made, tmp_path / "reports" / "2025-12-a" / "public")
    (tmp_path / "reports" / "latest").symlink_to("2025-12-a")
    shutil.copy(bundled("lab.example.toml"), tmp_path / "lab.toml")
    with (tmp_path / "lab.toml").open("a", encoding="utf-8") as settings:
        settings.write(LISTS)
    workbench = Workbench(tmp_path)
    return Opened(workbench, load_settings(workbench), print)


@pytest.fixture
def letters(monkeypatch):
    taken = []

    def take(_post, letter):
        taken.append(letter)
        return Sent(ok=True, tries=1)

    monkeypatch.setattr(module, "hand_in", take)
    return taken


def names(letter):
    return [part.get_filename() for part in letter.iter_attachments()]


def test_each_list_gets_what_it_asks_for_and_nothing_else(bench, letters):
    deliver(bench)

    assert [letter["To"] for letter in letters] == [
        "obras@municipio.example",
        "cabildo@municipio.example",
    ]
    assert names(letters[0]) == ["informe-cabildo.pdf", "c000.pdf", "c001.pdf"]
    assert names(letters[1]) == ["informe-cabildo.pdf"]


def test_nobody_gets_an_edition_twice_unless_asked(bench, letters):
    deliver(bench)

    second = deliver(bench)
    third = deliver(bench, only=("cabildo",), again=True)

    assert [one.sent for one in second] == [None, None]
    assert third[0].sent.ok
    assert len(letters) == 3


@pytest.mark.usefixtures("letters")
def test_a_list_that_failed_is_tried_again_the_next_time_and_both_are_on_record(bench, monkeypatch):
    with monkeypatch.context() as away:
        away.setattr(module, "hand_in", lambda *_: Sent(ok=False, tries=4, reason="away"))
        failed = deliver(bench, only=("obras",))

    again = deliver(bench, only=("obras",))

    record = (bench.workbench.reports / RECORD).read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in record]
    assert (failed[0].sent.ok, again[0].sent.ok) == (False, True)
    assert [(line["ok"], line["reason"]) for line in told] == [(False, "away"), (True, "")]
    assert "obras@municipio.example" not in "".join(record)


def test_a_list_that_is_not_there_is_told_with_those_that_are(bench):
    with pytest.raises(SettingsError, match="obras"):
        deliver(bench, only=("otra",))


def test_files_that_were_not_printed_are_told_before_anything_is_sent(bench, letters):
    (bench.workbench.latest / "public" / "site" / "colonias" / "c001.pdf").unlink()

    with pytest.raises(TableError, match=r"c001\.pdf"):
        deliver(bench, only=("obras",))

    assert letters == []


def weighing(bench, most_mb, cards="false"):
    """Return the same workbench, with letters of that weight at most."""
    settings = bench.workbench.settings_file
    told = settings.read_text(encoding="utf-8")
    told = told.replace("[delivery]\n", f"[delivery]\nmost_mb = {most_mb}\n")
    told = told.replace('name = "obras"', f'name = "obras"\ncards = {cards}')
    settings.write_text(told, encoding="utf-8")
    for file in (bench.workbench.latest / "public" / "site").rglob("*.pdf"):
        file.write_bytes(file.read_bytes().ljust(600_000, b" "))
    return Opened(bench.workbench, load_settings(bench.workbench), print)


def test_what_one_letter_cannot_carry_goes_in_several_and_each_file_once(bench, letters):
    deliver(weighing(bench, 1.7), only=("obras",))

    assert [names(letter) for letter in letters] == [
        ["informe-cabildo.pdf", "c000.pdf"],
        ["c001.pdf"],
    ]
    assert [letter["Subject"][-8:] for letter in letters] == ["(1 of 2)", "(2 of 2)"]
    assert max(len(letter.as_bytes()) for letter in letters) < 1_700_000


def test_after_a_letter_that_failed_only_what_did_not_arrive_is_sent(bench, letters, monkeypatch):
    heavy, answers = weighing(bench, 1.0), iter([True, False])
    with monkeypatch.context() as failing:
        failing.setattr(module, "hand_in", lambda *_: Sent(ok=next(answers), tries=1))
        first = deliver(heavy, only=("obras",))

    second = deliver(heavy, only=("obras",))

    assert not first[0].sent.ok
    assert second[0].sent.ok
    assert [names(letter) for letter in letters] == [["c000.pdf"], ["c001.pdf"]]


def test_the_cards_for_the_phone_are_sent_as_pictures_where_a_list_asks_for_them(bench, letters):
    deliver(weighing(bench, 20, cards="true"), only=("obras",))

    (letter,) = letters
    kinds = {it.get_filename(): it.get_content_type() for it in letter.iter_attachments()}
    assert kinds["c000.png"] == kinds["c001.png"] == "image/png"
    assert kinds["c000.pdf"] == "application/pdf"
