"""``labtools.start``: what a notebook is given, and what it is refused."""

import json
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest

import labtools
from labtools import paths
from labtools.errors import PrivacyError, SettingsError
from labtools.runs import context
from labtools.runs.jobs import Job, Outcome
from labtools.runs.traces import Trace
from labtools.tables.store import read_table
from labtools.workflow import notebooks
from labtools.workflow.notebooks import Planned
from tests.workflow.few import FICHAS, WITHHELD

pytestmark = [pytest.mark.slow]
COLONIA = FICHAS[0]


@pytest.fixture(scope="module")
def bench(finished):
    return str(finished.root)


@pytest.fixture
def own_bench(copy_of, finished):
    return str(copy_of(finished).root)


def test_a_notebook_gets_the_rows_of_its_colonia(bench):
    lab = labtools.start(colonia_id=COLONIA, workbench=bench)

    crime, everyone = lab.table("crime"), lab.whole("crime")

    assert crime["colonia_id"].unique().tolist() == [COLONIA]
    assert everyone["colonia_id"].nunique() == 412
    assert lab.profile()["colonia_id"] == COLONIA


def test_each_audience_gets_its_own_edition(bench):
    internal, public = (
        labtools.start(colonia_id=WITHHELD, workbench=bench, audience=audience).table("crime")
        for audience in ("internal", "public")
    )

    assert internal["events"].notna().all()
    assert public["events"].isna().all()
    assert set(public["state"]) == {"suppressed"}


def test_perception_is_that_of_the_city_the_borough_and_the_colonia_itself(bench):
    lab = labtools.start(colonia_id="99001_0023", workbench=bench)

    perception = lab.perception()

    near = perception[perception["area_kind"] != "city"]
    assert set(near["area"]) == {"99001_0023", lab.profile()["borough"]}
    assert (perception["area_kind"] == "city").any()


def test_notebooks_share_what_they_are_known_to_read_and_nothing_else(finished, monkeypatch):
    asked = set()

    def read(name, folder):
        asked.add((folder.name, name))
        return read_table(name, folder)

    for held in (context.city_cut, context._ground, context._profiles, context._asked_by_area):
        held.cache_clear()
    context._last_month.cache_clear()
    context._of_fichas.cache_clear()
    monkeypatch.setattr(context, "read_table", read)

    context.read_shared_tables(
        str(finished.latest.resolve()), frozenset({("public", "crime"), ("internal", "nothing")})
    )

    every_notebook_s = {("public", name) for name in ("colonias_shown", "perception", "period")}
    assert asked == {("public", "crime")} | every_notebook_s


def test_what_a_notebook_reads_is_known_once_it_was_made():
    made = Trace("a", {}, {"public/crime/99001_0001": "1", "internal/period": "2"}, {})
    job = Job("a", Path("a.ipynb"), {}, Path("out.ipynb"))
    before = Planned(job, "data", made)

    assert notebooks._expected([before]) == {("public", "crime"), ("internal", "period")}
    assert notebooks._expected([before, Planned(job, "new")]) is None


RECIPE = {"code": "c", "packages": "p", "notebook": "n"}
READS = {"public/crime/99001_0001": "1", "public/crime": "2", "internal/period": "3"}


def made_before(folder, *, crime=b"crime", ok=True):
    for audience, name, told in (("public", "crime", crime), ("internal", "period", b"period")):
        path = folder / "internal" / "city" / audience / f"{name}.parquet"
        path.parent.mkdir(parents=True)
        path.write_bytes(told)
    outcome = Outcome("a", ok=ok, seconds=1.0, cpu_seconds=1.0)
    (folder / "outcomes.json").write_text(json.dumps([asdict(outcome)]), encoding="utf-8")
    return folder, {"a": Trace("a", RECIPE, READS, {})}


def test_what_was_read_of_the_same_tables_is_known_without_reading_them(tmp_path):
    run, _ = made_before(tmp_path / "now")
    before = made_before(tmp_path / "before")

    assert notebooks._known([before], run, {**RECIPE, "notebook": "other"}) == READS


def test_what_was_read_of_a_table_that_changed_is_not_known(tmp_path):
    run, _ = made_before(tmp_path / "now")
    before = made_before(tmp_path / "before", crime=b"other")

    assert notebooks._known([before], run, RECIPE) == {"internal/period": "3"}


@pytest.mark.parametrize("part", ["code", "packages"])
def test_what_other_code_or_libraries_digested_is_not_known(tmp_path, part):
    run, _ = made_before(tmp_path / "now")
    before = made_before(tmp_path / "before")

    assert notebooks._known([before], run, {**RECIPE, part: "other"}) == {}


def test_a_notebook_that_failed_teaches_nothing_of_what_it_read_before(tmp_path):
    run, _ = made_before(tmp_path / "now")
    before = made_before(tmp_path / "before", ok=False)

    assert notebooks._known([before], run, RECIPE) == {}


def test_a_run_that_goes_on_does_not_believe_itself_nor_one_that_was_not_finished(tmp_path):
    run, traces = made_before(tmp_path / "now")
    before = made_before(tmp_path / "before")
    (before[0] / "outcomes.json").unlink()

    assert notebooks._known([(run, traces), before], run, RECIPE) == {}


def test_a_colonia_that_is_not_in_the_register_is_refused_with_the_nearest_keys(bench):
    with pytest.raises(SettingsError, match=r"412 colonias\).*99001_0001"):
        labtools.start(colonia_id="99001-0001", workbench=bench)


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2025-09", r"twelve months that end in 2025-12, and 2025-09 was asked for.*--period-end"),
        ("2031-12", "no data for the twelve months"),
        ("2025-11", "must end with a quarter"),
    ],
)
def test_another_period_than_the_runs_is_refused_with_the_command_that_makes_it(
    bench, period, expected
):
    with pytest.raises(SettingsError, match=expected):
        labtools.start(colonia_id=COLONIA, period_end=period, workbench=bench)


def test_the_runs_own_period_may_be_named(bench):
    assert labtools.start(period_end="2025-12", workbench=bench).colonia_id == ""


def test_an_audience_that_there_is_not_is_refused_with_those_there_are(bench):
    with pytest.raises(SettingsError, match=r"“everyone” is not an audience.*internal and public"):
        labtools.start(workbench=bench, audience="everyone")


def test_a_table_of_the_internal_edition_cannot_be_labelled_public(own_bench):
    lab = labtools.start(colonia_id=COLONIA, workbench=own_bench)

    with pytest.raises(PrivacyError, match="may hold true counts"):
        lab.save_table("crime", lab.table("crime"), audience="public")
    with pytest.raises(PrivacyError, match="figure map was drawn in an internal edition"):
        lab.save_figure("map", "<svg/>", audience="public")

    assert not lab.outputs.exists()


def test_without_a_proper_label_nothing_is_saved(own_bench):
    lab = labtools.start(colonia_id=COLONIA, workbench=own_bench, audience="public")

    with pytest.raises(SettingsError, match="is not an audience"):
        lab.save_table("crime", lab.table("crime"), audience="")
    with pytest.raises(TypeError, match="audience"):
        lab.save_table("crime", lab.table("crime"))

    assert not lab.outputs.exists()


def test_what_is_tried_out_by_hand_goes_to_the_scratch_folder_not_into_the_run(own_bench):
    lab = labtools.start(colonia_id=COLONIA, workbench=own_bench, notebook="trial")

    path = lab.save_table("crime", lab.table("crime"), audience="internal")

    assert path.relative_to(own_bench).as_posix() == (
        "reports/scratch/trial/99001-0001/internal/crime.parquet"
    )
    pd.testing.assert_frame_equal(pd.read_parquet(path), pd.DataFrame(lab.table("crime")))


def test_a_workbench_without_run_is_told_how_to_make_one(supplied):
    with pytest.raises(SettingsError, match=r"no finished run yet.*labtools run"):
        labtools.start(workbench=str(supplied.root))


def test_outside_any_workbench_it_is_told_how_to_name_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(paths.ENVIRONMENT_VARIABLE, raising=False)

    with pytest.raises(SettingsError, match="There is no workbench here"):
        labtools.start()


def test_inside_a_workbench_it_is_found(own_bench, monkeypatch):
    monkeypatch.chdir(f"{own_bench}/reports")
    monkeypatch.delenv(paths.ENVIRONMENT_VARIABLE, raising=False)

    assert str(labtools.start().workbench.root) == own_bench
