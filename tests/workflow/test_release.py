"""What may go out, goes out whole and unchanged; anything else stops the release."""

import json
import shutil

import pandas as pd
import pytest

from labtools.errors import PrivacyError, TableError
from labtools.paths import Workbench
from labtools.tables.lineage import sha256_of
from labtools.tables.released import (
    FICHA_TABLES,
    Released,
    read_ficha,
    seal_of,
    write_ficha,
)
from labtools.workflow.analyse import analyse
from labtools.workflow.prepared import prepare
from labtools.workflow.release import protect, publish
from labtools.workflow.steps import open_workbench
from tests.workflow.few import EARLIER, FICHAS, WITHHELD, bytes_in

pytestmark = [pytest.mark.slow]
COLONIA = FICHAS[0]


@pytest.fixture(scope="module")
def analysed(finished, tmp_path_factory):
    """A run of an earlier period that was analysed and not released yet."""
    root = tmp_path_factory.mktemp("analysed") / "bench"
    bench = Workbench(shutil.copytree(finished.root, root, symlinks=True))
    opened = open_workbench(bench)
    prepared, _ = analyse(opened, period_end=EARLIER)
    return opened, prepared


@pytest.fixture
def tamper(analysed):
    """Change a file of the analysed run; it is put back afterwards."""
    _, prepared = analysed
    kept = []

    def change(place, how):
        path = prepared.folder / "internal" / place
        kept.append((path, path.read_bytes()))
        table = pd.read_parquet(path)
        changed = how(table)
        if changed is None:
            path.unlink()
        else:
            changed.to_parquet(path, index=False)

    yield change
    for path, was in kept:
        path.write_bytes(was)


def refused(analysed, error=PrivacyError):
    opened, prepared = analysed
    before = bytes_in(prepared.folder / "public")
    with pytest.raises(error) as caught:
        protect(opened, prepared)
    assert bytes_in(prepared.folder / "public") == before
    return str(caught.value)


def at_first(column, value):
    """Change the first figure of a column that is known."""

    def how(table):
        row = table.index[table[column].notna()][0]
        table.loc[row, column] = value(table.loc[row, column])
        return table

    return how


@pytest.mark.parametrize(
    ("table", "column", "value", "expected"),
    [
        # A true count, most likely no multiple of three, put in place of the rounded one.
        ("series", "events", lambda n: n + 1, "not rounded"),
        # A multiple of three passes the gate, but not the proof.
        ("series", "events", lambda n: n + 3, "not what the protected counts give"),
        ("crime", "events", lambda n: n + 3, "not what the protected counts give"),
        ("crime", "rate", lambda r: r * 1.01, "not what the protected counts give"),
        ("change", "verdict", lambda _: "increase", "not what the protected counts give"),
        ("place", "lower_share", lambda s: s / 2 + 0.01, "not what the protected counts give"),
        ("municipality_series", "events", lambda n: n + 3, "not what the protected counts give"),
        ("municipality_crime", "now", lambda n: n + 3, "not what the protected counts give"),
        ("sources", "publisher", lambda p: p + ".", "not what the protected counts give"),
    ],
)
def test_a_public_table_changed_after_it_was_made_is_not_released(
    analysed, tamper, table, column, value, expected
):
    tamper(f"city/public/{table}.parquet", at_first(column, value))

    message = refused(analysed)

    assert expected in message
    assert table in message


def test_counts_that_were_changed_where_they_are_kept_are_not_released(
    analysed, tamper, monkeypatch
):
    opened, prepared = analysed
    more = at_first("events", lambda events: events + 3)
    tamper("city/public/series.parquet", more)
    kept = opened.made[prepared.run_id]
    changed = more(kept["series"].copy())
    monkeypatch.setitem(opened.made, prepared.run_id, {**kept, "series": changed})

    said = refused(analysed)

    assert "series is not what the protected counts give (1 rows differ" in said


def test_a_row_added_to_a_public_table_is_not_released(analysed, tamper):
    tamper("city/public/unknowns.parquet", lambda t: pd.concat([t, t.iloc[:1]]))

    assert "unknowns is not what the protected counts give" in refused(analysed)


def test_true_counts_put_under_a_public_name_are_not_released(analysed):
    _, prepared = analysed
    city = prepared.folder / "internal" / "city"
    public = city / "public" / "crime.parquet"
    kept = public.read_bytes()
    shutil.copyfile(city / "internal" / "crime.parquet", public)

    try:
        message = refused(analysed)
    finally:
        public.write_bytes(kept)

    assert "crime" in message


@pytest.fixture
def tamper_ficha(analysed):
    """Change one table that the notebook of a colonia saved; all is as it was afterwards."""
    _, prepared = analysed
    folder = prepared.folder / "internal" / "outputs" / "fichas" / COLONIA.replace("_", "-")
    path = folder / "public" / "ficha.json"
    was = path.read_bytes()

    def change(name, how):
        rows = json.loads(path.read_text(encoding="utf-8"))["tables"]
        tables = {it: pd.DataFrame(told, dtype=object) for it, told in rows.items()}
        tables[name] = how(tables[name])
        tables = {name: table for name, table in tables.items() if table is not None}
        write_ficha(Released(COLONIA, tables, seal_of(tables)), path)

    yield change
    path.write_bytes(was)


@pytest.mark.parametrize(
    ("table", "how"),
    [
        ("crime", at_first("events", lambda n: n + 3)),
        ("crime", lambda t: t.assign(victim="her name")),
        ("crime", lambda t: t.iloc[:-1]),
        ("perception", at_first("share", lambda s: s / 2)),
        ("period", at_first("lab", lambda name: name + " (another)")),
        ("profile", at_first("population", lambda n: n + 1)),
        ("profile", lambda t: t.assign(note="seen on the corner")),
    ],
)
def test_a_ficha_that_says_anything_but_the_released_tables_is_not_released(
    analysed, tamper_ficha, table, how
):
    tamper_ficha(table, how)

    message = refused(analysed)

    assert f"The table {table} of the ficha of {COLONIA} differs" in message


def test_a_ficha_that_lacks_a_table_is_named(analysed, tamper_ficha):
    tamper_ficha("series", lambda _: None)

    message = refused(analysed, TableError)

    assert f"The ficha of {COLONIA} has no table series" in message


def test_what_is_released_is_on_record_and_nothing_is_published_before(analysed):
    opened, prepared = analysed
    ledger = opened.workbench.reports / "ledger.jsonl"
    before = ledger.read_text(encoding="utf-8").splitlines()
    shutil.rmtree(prepared.folder / "public", ignore_errors=True)
    with pytest.raises(TableError, match="labtools protect"):
        publish(opened, prepared)

    released = protect(opened, prepared)

    lines = ledger.read_text(encoding="utf-8").splitlines()
    assert released == len(FICHAS)
    assert lines[:-1] == before
    told = json.loads(lines[-1])
    assert told["run"] == prepared.run_id
    tables = prepared.folder / "public" / "tables"
    assert {p.name.split(".")[0] for p in tables.iterdir()} == set(told["tables"])
    for name, decision in told["tables"].items():
        assert decision["rule"]
        assert decision["sha256"] == sha256_of(tables / f"{name}.parquet")


def test_fichas_say_the_same_as_the_released_tables(finished):
    public = finished.reports / "latest" / "public"
    crime = pd.read_parquet(public / "tables" / "crime.parquet")

    for path in sorted((public / "fichas").iterdir()):
        ficha = read_ficha(path)
        own = crime[crime["colonia_id"] == ficha.colonia_id].reset_index(drop=True)
        told = ficha.tables["crime"]
        assert set(ficha.tables) == {*FICHA_TABLES, "profile"}
        assert told["events"].tolist() == own["events"].tolist()
        assert told["smoothed"].tolist() == pytest.approx(own["smoothed"].tolist(), nan_ok=True)


def test_a_withheld_colonia_has_a_ficha_without_figures_that_says_why(finished):
    path = finished.reports / "latest" / "public" / "fichas"
    ficha = read_ficha(path / f"{WITHHELD.replace('_', '-')}.json")

    for name in ("crime", "change", "place", "series"):
        table = ficha.tables[name]
        assert set(table["state"]) == {"suppressed"}
    known = ficha.tables["crime"][["events", "rate", "smoothed", "smoothed_upper"]]
    assert known.isna().all(axis=None)
    assert ficha.tables["indicators"]["value"].isna().all()
    assert "withheld" in set(ficha.tables["unknowns"]["what"])


def test_public_counts_are_rounded_and_lie_where_they_say_the_true_ones_do(finished):
    city = finished.reports / "latest" / "internal" / "city"
    keys = ["colonia_id", "quarter", "group"]
    true, public = (
        pd.read_parquet(city / audience / "series.parquet") for audience in ("internal", "public")
    )

    both = public.merge(true, on=keys, suffixes=("", "_true"))
    shown = both[both["state"] == "shown"]

    assert (shown["events"] % 3 == 0).all()
    groups = shown[shown["group"] != "total"]
    assert groups["events_true"].between(groups["events_low"], groups["events_high"]).all()
    total = shown[shown["group"] == "total"]
    assert total["events_true"].between(total["events_low"], total["events_high"]).mean() >= 0.95


def test_a_release_made_again_gives_the_same_bytes(analysed):
    opened, prepared = analysed
    protect(opened, prepared)
    first = bytes_in(prepared.folder / "public")

    protect(opened, prepare(opened, period_end=EARLIER))

    assert bytes_in(prepared.folder / "public") == first
