"""The demo's editions attacked and searched; what is planted in one is found and stops it."""

import json
import shutil
import stat

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from labtools.cli.main import build
from labtools.errors import PrivacyError
from labtools.paths import Workbench
from labtools.privacy.editions import READ, PublishedEdition, attack_editions
from labtools.privacy.ledger import read_ledger, withdrawn
from labtools.privacy.suppression import suppress
from labtools.tables.lineage import sha256_within, trace
from labtools.tables.store import read_table, write_table
from labtools.workflow import audit as auditing
from labtools.workflow.audit import audit, audit_release, people_in, refuse_people
from labtools.workflow.governance import last_decided, pull, rotate_key, sign
from labtools.workflow.making import make_edition
from labtools.workflow.prepared import prepare
from labtools.workflow.release import publish
from labtools.workflow.steps import open_workbench
from tests.workflow.few import FICHAS, WITHHELD

pytestmark = [pytest.mark.slow]

ENDS = ("2025-03", "2025-06", "2025-09", "2025-12")


@pytest.fixture(scope="module")
def editions(finished, both_periods, tmp_path_factory):
    """Return the public tables of four successive editions, and the lab's own of the last.

    The last two were run, and are read; the others are made.
    """
    own = tmp_path_factory.mktemp("editions") / "bench"
    opened = open_workbench(Workbench(shutil.copytree(finished.root, own, symlinks=True)))
    made = [make_edition(opened, prepare(opened, period_end=end), "public") for end in ENDS[:2]]
    run = [tables_of(both_periods, end, "public") for end in ENDS[2:]]
    return {"public": made + run, "internal": [tables_of(both_periods, ENDS[-1], "internal")]}


def tables_of(bench, end, audience):
    """Return the tables of an edition as its run wrote them, before they were published."""
    (run,) = bench.reports.glob(f"{end}-*")
    folder = run / "internal" / "city" / audience
    return {path.stem: read_table(path.stem, folder) for path in folder.glob("*.parquet")}


@pytest.fixture(scope="module")
def published(editions):
    return [
        PublishedEdition(end, tables, "same")
        for end, tables in zip(ENDS, editions["public"], strict=True)
    ]


@pytest.fixture(scope="module")
def attacked(published):
    return attack_editions(published)


def test_four_successive_editions_give_no_count_away(attacked):
    # A cell that the attacker had no time to settle counts as known.
    assert attacked.confidential.sum() > 30_000
    assert (attacked.exact, attacked.narrow) == (0, 0)


def test_what_is_left_possible_holds_the_true_counts(attacked, editions):
    true = editions["internal"][-1]["series"]
    true = true[true["group"] != "total"]

    both = attacked.frame().merge(true, on=["colonia_id", "quarter", "group"])

    assert len(both) == attacked.confidential.sum()
    assert both["events"].astype(float).between(both["least"], both["most"]).all()


def test_a_calendar_year_of_a_colonia_is_off_by_six_per_cent_at_most_in_the_median(editions):
    public, true = (editions[audience][-1]["years"] for audience in ("public", "internal"))
    both = public.merge(true, on=["colonia_id", "year"], suffixes=("", "_true"))
    known = both[both["events"].notna() & (both["events_true"] > 0)]
    off = (known["events"] - known["events_true"]).astype(float).abs() / known["events_true"]

    assert len(known) > 1_500
    assert known["events_true"].median() < 20
    assert off.median() <= 0.06


def test_a_colonia_year_of_fifty_events_or_more_is_off_by_six_per_cent_at_most_in_the_median(
    editions,
):
    # Sixteen roundings by at most two each: the error is in events, so small years are worse
    # off.  The median colonia of the demo has fourteen events a year.
    public, true = (editions[audience][-1]["crime"] for audience in ("public", "internal"))
    both = public[public["group"] == "total"].merge(
        true[true["group"] == "total"], on="colonia_id", suffixes=("", "_true")
    )
    known = both[both["events"].notna() & (both["events_true"] > 0)]
    off = (known["events"] - known["events_true"]).astype(float).abs()
    many = known["events_true"] >= 50

    relative = (off / known["events_true"])[many]

    assert many.sum() > 30
    assert relative.median() <= 0.06
    assert off.median() <= 3


def test_four_quarters_suppressed_with_their_year_give_no_count_away(finished):
    quarters = read_table("quarters", finished.processed)
    keys = ["colonia_id", "quarter", "group"]
    largest = quarters.groupby("colonia_id")["events"].sum().nlargest(60).index
    year = quarters["quarter"] >= pd.Timestamp("2025-01-01")
    counts = quarters.loc[year & quarters["colonia_id"].isin(largest), [*keys, "events"]]

    found = suppress(
        counts.reset_index(drop=True),
        (["colonia_id", "quarter"], ["quarter", "group"], ["colonia_id"], ["quarter"]),
    )

    assert found.attack.confidential.sum() > 100
    assert (found.attack.exact, found.attack.narrow) == (0, 0)
    assert found.hidden_cells < 0.7


def test_a_release_that_was_made_passes_its_own_audit(finished):
    found = audit(finished)

    assert found.ok
    assert found.editions == (finished.latest.resolve().name,)
    assert found.cells > 30_000


def inputs_of(run):
    return json.loads((run / "manifest.json").read_text(encoding="utf-8"))["inputs"]


@pytest.fixture
def fresh_noise(editions, tmp_path):
    """The tables of the last edition, its counts rounded by another lot."""
    tables = editions["public"][-1]
    series = tables["series"]
    groups = (series["group"] != "total") & (series["events"] > 3)
    shift = np.random.default_rng(1).choice([0, 3], len(series))
    moved = {**tables, "series": series.assign(events=series["events"] + shift * groups)}
    lineage = trace("protect", [], root=tmp_path)
    for name in READ:
        write_table(name, moved[name], tmp_path / "moved", lineage=lineage)
    return tmp_path / "moved"


def test_a_release_with_fresh_noise_is_refused_because_of_the_earlier_one(
    finished, copy_of, fresh_noise
):
    bench, inputs = copy_of(finished), inputs_of(finished.latest)

    for _ in range(2):  # what was refused is not kept
        with pytest.raises(PrivacyError, match=r"would be known exactly|contradicts"):
            audit_release(bench, "new", fresh_noise, inputs)


@pytest.fixture
def attacks(monkeypatch):
    """How many editions each attack was given; it finds nothing."""
    given = []

    def attacked(editions):
        given.append([edition.name for edition in editions])
        return attack_editions([])

    monkeypatch.setattr(auditing, "attack_editions", attacked)
    return given


def test_the_same_figures_of_the_same_counts_are_not_attacked_again(finished, copy_of, attacks):
    bench = copy_of(finished)
    public = bench.latest / "public" / "tables"
    other = bench.root / "other"
    shutil.copytree(public, other)
    crime = read_table("crime", other)
    lineage = trace("protect", [], root=other)

    told = [audit_release(bench, "new", public, {"actions": day}) for day in ("1", "2")]
    write_table("crime", crime.assign(rate=crime["rate"] + 1), other, lineage=lineage)
    audit_release(bench, "new", other, {"actions": "3"})

    run = bench.latest.resolve().name
    assert attacks == [[run, "new"]]  # the first was, before it was released
    assert {it.editions for it in told} == {(run, "new")}


@pytest.mark.parametrize(("made_of_its_inputs", "attacked"), [(True, 3), (False, 2)])
def test_an_edition_like_the_one_before_is_left_out_unless_it_ties_another_to_it(
    finished, copy_of, attacks, fresh_noise, made_of_its_inputs, attacked
):
    bench = copy_of(finished)
    again = bench.reports / f"{bench.latest.resolve().name}-again"
    shutil.copytree(bench.latest, again)
    manifest = json.loads((again / "manifest.json").read_text(encoding="utf-8"))
    manifest["inputs"]["data/raw/more.csv"] = "abc"
    (again / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    inputs = manifest["inputs"] if made_of_its_inputs else {"other": "inputs"}

    audit_release(bench, "new", fresh_noise, inputs)

    assert [len(given) for given in attacks] == [attacked]


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("site/index.html", "<p>María López Hernández</p>"),
        ("site/colonias/x.html", '<svg><path aria-label="PELJ850312HQTRMN09"/></svg>'),
        ("fichas/99001-0001.json", '{"note": "442 123 4567"}'),
        ("tables/note.csv", "lon,lat\n-100.386675,20.586155\n"),
    ],
)
def test_a_person_in_any_public_file_is_found_and_stops_publication(
    finished, tmp_path, place, text
):
    public = tmp_path / "public"
    shutil.copytree(finished.latest / "public" / "tables", public / "tables")
    path = public / place
    path.parent.mkdir(parents=True, exist_ok=True)
    assert people_in(public) == []
    path.write_text(text, encoding="utf-8")

    with pytest.raises(PrivacyError, match=f"is in {place}, line") as refused:
        refuse_people(public, sha256_within(public))

    assert "López" not in str(refused.value)


def test_the_labs_own_contact_may_be_shown_where_the_settings_name_it(tmp_path):
    public = tmp_path / "public"
    (public / "site").mkdir(parents=True)
    (public / "site" / "index.html").write_text("<p>Tel. 442 555 0100</p>", encoding="utf-8")

    assert [found.kind for found in people_in(public)] == ["phone"]
    assert people_in(public, ["442 555 0100"]) == []


def test_nothing_is_published_before_two_reviewers_signed(finished, copy_of):
    bench = copy_of(finished)
    told = bench.settings_file.read_text(encoding="utf-8")
    signed_by = '\n[release]\nreviewers = ["Ana", "Beto"]\n'
    bench.settings_file.write_text(told + signed_by, encoding="utf-8")
    opened = open_workbench(bench)
    prepared = prepare(opened)
    shutil.copytree(bench.latest / "public", prepared.folder / "public")
    before = bench.latest.resolve()

    with pytest.raises(PrivacyError, match="needs 2 signatures and has 0"):
        publish(opened, prepared)

    assert bench.latest.resolve() == before


def test_the_command_line_audits_shows_the_ledger_and_withdraws(finished, copy_of):
    bench = copy_of(finished)

    def said(*words):
        done = CliRunner().invoke(build(), [*words, "-w", str(bench.root)])
        return done.exit_code, done.output

    assert said("audit")[1].startswith("audit: 1 editions, ")
    assert (
        said("audit")[1]
        .rstrip()
        .endswith("0 known exactly, 0 to one of two values; 0 signs of people")
    )
    assert said("release")[0] == 0
    code, shown = said("release", "--withdraw", "--reason", "a test")
    assert code == 0
    assert [line.split()[2] for line in shown.splitlines()] == ["seal", "decision", "withdrawal"]


def test_an_edition_withdrawn_says_so_and_is_still_counted_among_what_is_known(finished, copy_of):
    bench = copy_of(finished)
    run = bench.latest.resolve().name

    pull(bench, run, reason="a rate was <wrong>", by="lab")

    notice = (bench.latest / "public" / "site" / "index.html").read_text(encoding="utf-8")
    assert "was withdrawn on" in notice
    assert "a rate was &lt;wrong&gt;" in notice
    assert [p.name for p in (bench.latest / "public").rglob("*")] == ["site", "index.html"]
    assert withdrawn(read_ledger(bench.reports / "ledger.jsonl")) == {run: "a rate was <wrong>"}
    assert audit(bench).editions == (run,)
    with pytest.raises(PrivacyError, match="withdrawn already"):
        pull(bench, run, reason="again", by="lab")


def test_a_release_is_signed_by_the_reviewers_that_the_settings_name(finished, copy_of):
    bench = copy_of(finished)
    told = bench.settings_file.read_text(encoding="utf-8")
    bench.settings_file.write_text(
        told + '\n[release]\nreviewers = ["Ana", "Beto"]\n', encoding="utf-8"
    )
    opened, run = open_workbench(bench), last_decided(bench)

    sign(opened, run, "Ana")

    with pytest.raises(PrivacyError, match="not a reviewer"):
        sign(opened, run, "Carla")
    kinds = [e.kind for e in read_ledger(bench.reports / "ledger.jsonl")]
    assert kinds == ["seal", "decision", "approval"]


def test_a_new_rounding_key_begins_with_a_quarter_that_nobody_saw_and_is_on_record(
    finished, copy_of
):
    bench = copy_of(finished)
    opened = open_workbench(bench)
    run = bench.latest.resolve()
    published = run.name[:7]

    for asked in (f"{published[:4]}-01-01", "2031-02-01", "soon"):
        with pytest.raises(PrivacyError):
            rotate_key(opened, asked, reason="every five years", by="lab")
    with pytest.raises(PrivacyError, match="Say why"):
        rotate_key(opened, "2031-01-01", reason=" ", by="lab")
    assert not list(bench.secrets.glob("rounding-*"))
    rotate_key(opened, "2031-01-01", reason="every five years", by="lab")

    (made,) = bench.secrets.glob("rounding-*")
    last = read_ledger(bench.reports / "ledger.jsonl")[-1]
    assert (made.name, stat.S_IMODE(made.stat().st_mode)) == ("rounding-2031-01-01.key", 0o400)
    assert (last.kind, dict(last.facts)) == (
        "rotation",
        {"first_day": "2031-01-01", "reason": "every five years"},
    )
    with pytest.raises(PrivacyError, match="Choose a later quarter"):
        rotate_key(opened, "2031-01-01", reason="again", by="lab")


def test_the_figures_of_a_withheld_colonia_stay_open(published):
    frame = attack_editions(published, exactly=frozenset({WITHHELD})).frame()

    withheld = frame[frame["colonia_id"] == WITHHELD]

    assert WITHHELD in FICHAS
    assert withheld["solved"].all()
    assert (withheld["values"] > 20).all()


def test_a_workbench_without_editions_has_nothing_to_find(tmp_path):
    found = audit(Workbench(tmp_path))

    assert found.ok
    assert found.editions == ()
    assert isinstance(found.leaks, pd.DataFrame)


def test_only_bytes_that_were_searched_with_the_same_words_are_not_searched_again(tmp_path):
    public, cleared = tmp_path / "public", tmp_path / "cleared.txt"
    public.mkdir()
    page = public / "page.html"
    page.write_text("<p>442 555 0100</p>")
    refuse_people(public, sha256_within(public), ["442 555 0100"], cleared=cleared)

    refuse_people(
        public, sha256_within(public), ["442 555 0100"], cleared=cleared
    )  # known, and still allowed
    with pytest.raises(PrivacyError, match=r"page\.html"):
        refuse_people(public, sha256_within(public), cleared=cleared)
    page.write_text("<p>442 555 0199</p>")
    with pytest.raises(PrivacyError, match=r"page\.html"):
        refuse_people(public, sha256_within(public), ["442 555 0100"], cleared=cleared)
