"""Forecasts, alerts and the scoreboard of a run: who sees them, and when they are made anew."""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from shapely import box

from labtools.analysis.risk.traits import traits_of_level
from labtools.paths import Workbench
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.periods import Window
from labtools.tables.store import read_table
from labtools.workflow import forecasting, processed
from labtools.workflow.edition import Edition
from labtools.workflow.prepared import prepare
from labtools.workflow.processed import Processed
from labtools.workflow.risk_clusters import clusters_tables
from labtools.workflow.risk_questions import change_against_expected
from labtools.workflow.steps import open_workbench

MONTHS = pd.date_range("2021-01-01", periods=48, freq="MS")
WINDOW = Window(MONTHS[24], MONTHS[36], pd.Timestamp("2025-01-01"))


@pytest.fixture(scope="module")
def city():
    """Panel and register of 64 square colonias whose rates differ and do not change."""
    rng = np.random.default_rng(1)
    side = np.arange(8) * 100.0
    shapes = [box(x, y, x + 100, y + 100) for x in side for y in side]
    keys = [f"c{i:02d}" for i in range(64)]
    colonias = gpd.GeoDataFrame({"colonia_id": keys}, geometry=shapes, crs="EPSG:32614")
    full = pd.MultiIndex.from_product(
        [keys, MONTHS, ("violence", "robbery", "theft", "other")],
        names=["colonia_id", "month", "group"],
    ).to_frame(index=False)
    rate = np.repeat(rng.gamma(2, 0.5, 64), 48 * 4)
    events = pd.array(rng.poisson(rate), dtype="Int64")
    return full.assign(record_type="case_file", events=events), colonias


@pytest.fixture(scope="module")
def tables(city):
    return forecasting.forecast_tables(*city, WINDOW, forecasting.Alerting(), crs="EPSG:32614")


def test_the_three_tables_keep_their_contracts(tables):
    for name, table in tables.items():
        check_table(name, table)

    assert set(tables["scoreboard"]["group"]) == {"total", "violence", "robbery", "theft", "other"}
    assert len(tables["forecast"]) == 64 * 3 * 5
    assert tables["forecast"]["month"].min() == pd.Timestamp("2025-01-01")


def test_one_model_is_shown_for_each_group_and_it_makes_the_forecast(tables):
    shown = tables["scoreboard"][tables["scoreboard"]["shown"]].set_index("group")["model"]

    made = tables["forecast"].groupby("group")["model"].unique()

    assert shown.index.is_unique
    assert {group: [model] for group, model in shown.items()} == made.map(list).to_dict()


def test_no_model_is_shown_that_a_baseline_beats(tables):
    board = tables["scoreboard"]

    shown = board[board["shown"]]

    limits = shown[["difference_lower", "log_difference_lower"]]
    assert (limits <= 0).all(axis=None)


def test_a_surge_is_an_alert_and_the_rest_of_the_city_is_quiet(city):
    panel, colonias = city
    surge = panel.copy()
    place = (panel["colonia_id"] == "c10") & (panel["month"] == MONTHS[-1])
    surge.loc[place & (panel["group"] == "theft"), "events"] = 30

    alerts = forecasting.forecast_tables(
        surge, colonias, WINDOW, forecasting.Alerting(), crs="EPSG:32614"
    )["alerts"]

    found = alerts[alerts["alert"]]
    assert ("c10", "theft") in set(zip(found["colonia_id"], found["group"], strict=True))
    assert len(found) <= 4
    assert alerts.groupby("group")["budget"].first().sum() == pytest.approx(1.0)


def test_the_budget_and_what_is_still_to_come_are_told_with_each_alert(city):
    how = forecasting.Alerting(budget=3.0, complete=0.5)

    alerts = forecasting.forecast_tables(*city, WINDOW, how, crs="EPSG:32614")["alerts"]

    usual = forecasting.forecast_tables(*city, WINDOW, forecasting.Alerting(), crs="EPSG:32614")[
        "alerts"
    ]
    assert alerts.groupby("group")["budget"].first().sum() == pytest.approx(3.0)
    assert alerts["expected"].sum() == pytest.approx(usual["expected"].sum() / 2, rel=1e-3)
    assert set(alerts["complete"]) == {0.5}


def test_months_after_the_period_are_not_looked_at(city, tables):
    panel, colonias = city
    later = panel[panel["month"] == MONTHS[-1]].assign(
        month=pd.Timestamp("2025-01-01"), events=pd.array([99] * 256, dtype="Int64")
    )

    again = forecasting.forecast_tables(
        pd.concat([panel, later]), colonias, WINDOW, forecasting.Alerting(), crs="EPSG:32614"
    )

    pd.testing.assert_frame_equal(again["forecast"], tables["forecast"])


def test_with_too_few_months_the_tables_are_empty(city):
    panel, colonias = city
    short = panel[panel["month"] < MONTHS[30]]

    tables = forecasting.forecast_tables(
        short, colonias, WINDOW, forecasting.Alerting(), crs="EPSG:32614"
    )

    assert [len(table) for table in tables.values()] == [0, 0, 0]


def test_records_still_to_come_are_no_fall(city):
    panel, colonias = city
    late = (panel["month"] == MONTHS[-1]) & (np.arange(len(panel)) % 2 == 0)
    panel = panel.assign(events=panel["events"].mask(late, 0))
    people = pd.Series(1_000.0, colonias["colonia_id"])

    def told(recorded):
        edition = Edition(
            "internal", WINDOW, frozenset(), frozenset(), key=(b"k",), cards=(), recorded=recorded
        )
        table = change_against_expected(panel, people, edition)
        return table[(table["span"] == 1) & (table["group"] == "total")]

    naive, aware = told({}), told({1: 0.5})

    assert aware["expected"].sum() == pytest.approx(naive["expected"].sum() / 2)
    assert set(aware["complete"]) == {0.5}
    assert naive["ratio"].median() < 0.7
    assert aware["ratio"].median() > 0.8
    assert (aware["verdict"] == "none").all()


def test_four_known_colonias_are_too_few_for_a_scan_and_stop_nothing(city):
    _, colonias = city
    six = colonias.iloc[:6]
    crime = pd.DataFrame(
        {
            "colonia_id": six["colonia_id"],
            "group": "total",
            "events": [40.0, 3.0, 5.0, 30.0, np.nan, np.nan],
            "person_years": 1_000.0,
        }
    )
    line = sparse.csr_array(np.eye(6, k=1) + np.eye(6, k=-1))

    lab = SimpleNamespace(crs="EPSG:32614", seed=1)
    told = clusters_tables(crime, six, empty_table("panel"), line, lab)["risk_clusters"]

    assert len(told) == 6
    assert not told["in_scan_cluster"].any()


@pytest.mark.slow
def test_scores_are_published_and_figures_of_colonias_are_not(finished):
    latest = finished.latest

    board = read_table("scoreboard", latest / "public" / "tables")

    assert board["counts"].min() >= 500
    assert not list((latest / "public").rglob("forecast*"))
    assert not list((latest / "public").rglob("alerts*"))
    assert len(read_table("alerts", latest / "internal" / "city" / "internal"))


@pytest.mark.slow
def test_who_asks_for_a_quick_model_of_risk_does_not_wait_for_the_slow_one(
    finished, demo_workbench
):
    quick, whole = (
        set(read_table("scoreboard", bench.latest / "internal" / "city" / "internal")["model"])
        for bench in (finished, demo_workbench)
    )

    assert whole - quick == {"space_time"}


def test_what_was_made_once_is_kept_until_the_period_changes(finished, copy_of, monkeypatch):
    opened = open_workbench(Workbench(copy_of(finished).root))
    window = prepare(opened).window
    kept = forecasting.forecasts(opened, window, {})
    calls = []
    monkeypatch.setattr(forecasting, "forecast_tables", lambda *_, **__: calls.append(1) or kept)

    forecasting.forecasts(opened, window, {})
    unchanged = len(calls)
    forecasting.forecasts(opened, Window(window.before_start, window.start, window.start), {})

    assert (unchanged, len(calls)) == (0, 1)


def test_the_share_is_learnt_from_what_runs_of_other_inputs_told(monkeypatch):
    months = pd.date_range("2024-01-01", periods=12, freq="MS")
    panel = pd.DataFrame(
        {"record_type": "case_file", "group": "theft", "month": months, "events": 500}
    )
    young = pd.DataFrame({"month": months[:8], "group": "total", "events": [500] * 7 + [350]})
    asked = []

    def earlier(_, run):
        asked.append(run)
        return {} if run == "same" else {"before": young}

    monkeypatch.setattr(processed, "told_earlier", earlier)
    monkeypatch.setattr(processed, "read_table", lambda *_: panel)
    opened = SimpleNamespace(workbench=SimpleNamespace(processed=None))
    window = Window(months[0], months[0], pd.Timestamp("2025-01-01"))

    shares = Processed(opened, window, "other").recorded

    # Of 500 events 350 were there at the first look: drawn to one by the weight of 50.
    assert shares[1] == pytest.approx(400 / 550, abs=1e-4)
    assert shares[3] == pytest.approx(1500 / (1000 + 500 * 550 / 400), abs=1e-4)
    assert 12 not in shares  # the first look did not reach back so far
    assert Processed(opened, window, "same").recorded == {}
    assert asked == ["other", "same"]


@pytest.mark.slow
def test_an_earlier_run_that_cannot_be_read_teaches_nothing_and_stops_nothing(finished, copy_of):
    bench = copy_of(finished)
    told = bench.latest / "internal" / "city" / "internal" / "municipality_series.parquet"
    told.write_bytes(b"damaged")
    opened = open_workbench(bench)

    assert Processed(opened, prepare(opened).window).recorded == {}


def test_traits_and_programme_bring_the_model_of_risk_to_the_scoreboard(city):
    panel, colonias = city
    keys = colonias["colonia_id"]
    traits = traits_of_level(
        pd.DataFrame({"car": np.arange(64.0)}, keys), pd.Series(100.0, pd.Index(keys))
    )
    programme = pd.DataFrame(
        {
            "colonia_id": ["c00"],
            "entered_on": pd.to_datetime(["2022-01-01"]),
            "left_on": pd.to_datetime([None]),
        }
    )
    panel = panel.assign(events=panel["events"].where(panel["group"] == "theft", 0))

    made = forecasting.forecast_tables(
        panel,
        colonias,
        WINDOW,
        forecasting.Alerting(),
        crs="EPSG:32614",
        beside=forecasting.BesideCounts(traits, programme),
    )

    theft = made["scoreboard"].query("group == 'theft'")
    assert "space_time" in set(theft["model"])
    assert theft["shown"].sum() == 1
