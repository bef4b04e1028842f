import pytest

import labtools
from labtools.errors import TableError
from labtools.tables.lineage import sha256_of
from labtools.tables.origins import explain
from tests.workflow.few import FICHAS

pytestmark = [pytest.mark.slow]
PUBLIC = "reports/latest/public"


@pytest.mark.parametrize(
    "file",
    [
        f"{PUBLIC}/fichas/{FICHAS[0].replace('_', '-')}.json",
        f"{PUBLIC}/tables/crime.parquet",
        f"{PUBLIC}/site/index.html",
        f"{PUBLIC}/site/colonias/{FICHAS[0].replace('_', '-')}.html",
    ],
)
def test_whatever_is_public_leads_back_to_the_suppliers_bytes(finished, file):
    steps = explain(finished, finished.root / file)

    supplied = {step.file: step for step in steps if not step.made_by}
    assert all(step.same for step in steps)
    assert all(name.startswith("data/raw/") for name in supplied)
    names = {name.rsplit("/", 1)[-1] for name in supplied}
    assert {"carpetas_investigacion.csv", "colonias.geojson", "RESAGEBURB_99CSV20.csv"} <= names
    for name in names & {"carpetas_investigacion.csv", "colonias.geojson"}:
        told = next(s for f, s in supplied.items() if f.endswith(name))
        assert told.sha256 == sha256_of(finished.root / "suppliers" / name)


def test_the_verbs_stand_in_their_order_on_the_way_back(finished):
    steps = explain(finished, finished.root / PUBLIC / "tables" / "crime.parquet")

    deepest = {}
    for step in steps:
        deepest[step.made_by] = max(step.depth, deepest.get(step.made_by, 0))
    assert sorted(deepest, key=deepest.get) == [
        "protect",
        "analyse",
        "tabulate",
        "classify",
        "locate",
        "clean",
        "",
    ]


def test_a_file_may_be_named_from_the_workbench(finished, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    from pathlib import Path  # noqa: PLC0415

    steps = explain(finished, Path("data/processed/panel.parquet"))

    assert steps[0].file == "data/processed/panel.parquet"
    assert steps[0].made_by == "tabulate"


def test_a_file_changed_since_it_was_read_is_told(copy_of, finished):
    bench = copy_of(finished)
    raw = next(bench.raw.glob("carpetas/*/carpetas_investigacion.csv"))
    raw.chmod(0o600)
    raw.write_bytes(raw.read_bytes() + b"one more line\n")

    steps = explain(bench, bench.processed / "panel.parquet")

    changed = [step for step in steps if not step.same]
    assert [step.file for step in changed] == [raw.relative_to(bench.root).as_posix()]
    assert "CHANGED since it was read" in str(changed[0])


def test_a_file_that_is_gone_is_told_as_not_the_same(copy_of, finished):
    bench = copy_of(finished)
    gone = bench.interim("classified") / "carpetas.classified.parquet"
    gone.unlink()

    steps = explain(bench, bench.processed / "panel.parquet")

    told = {step.file: step for step in steps}[gone.relative_to(bench.root).as_posix()]
    assert not told.same


def test_a_suppliers_file_explains_itself(finished):
    raw = next(finished.raw.glob("ensu/*/ensu_ciudad.csv"))

    (step,) = explain(finished, raw)

    assert step.same
    assert "as the supplier gave it" in str(step)


def test_a_file_of_elsewhere_is_refused(finished, tmp_path):
    stranger = tmp_path / "found.csv"
    stranger.write_text("a\n1\n", encoding="utf-8")

    with pytest.raises(TableError, match="this workbench did not make it"):
        explain(finished, stranger)


def test_a_file_that_does_not_exist_is_refused(finished):
    with pytest.raises(TableError, match="neither here nor in the workbench"):
        explain(finished, finished.root / "reports" / "none.json")


def test_a_notebook_shows_the_way_of_a_table_back_to_the_suppliers_bytes(finished, monkeypatch):
    shown = []
    monkeypatch.setattr("labtools.runs.context.display", lambda data, **_how: shown.append(data))

    labtools.start(workbench=str(finished.root)).explain("crime")

    (told,) = (it["text/html"] for it in shown)
    assert "crime.parquet" in told.splitlines()[0]
    assert "data/raw/carpetas/" in told
    assert "as the supplier gave it" in told
