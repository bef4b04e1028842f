"""How crime is spread over places, years and hours in a run: internal, and beside chance."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from shapely.geometry import box

from labtools.settings import Settings
from labtools.tables.contracts import check_table
from labtools.tables.periods import Window
from labtools.tables.store import read_table
from labtools.workflow import patterns
from labtools.workflow.edition import Edition
from labtools.workflow.keeping import Kept
from labtools.workflow.pattern_points import point_tables
from labtools.workflow.patterns import PREMISES, pattern_results
from labtools.workflow.recorded_events import EVENTS, TRUE_POINTS, recorded_events
from labtools.workflow.risk_clusters import clusters_tables
from labtools.workflow.series_alarms import series_alarms
from labtools.workflow.steps import open_workbench
from labtools.workflow.surroundings import ALL_PREMISES

MONTHS = pd.date_range("2021-01-01", periods=48, freq="MS")
END = pd.Timestamp("2025-01-01")
CRS = "EPSG:32614"
WINDOW = Window(MONTHS[24], MONTHS[36], END)


def edition(audience, **more):
    return Edition(
        audience, WINDOW, frozenset(), frozenset(), key=(b"k",), cards=(), protocols=(), **more
    )


@pytest.fixture(scope="module")
def settings():
    lab = {"name": "Lab", "municipality": "M", "crs": CRS, "seed": 3}
    colonias = {"descriptor": "colonias_demo", "path": "x.geojson", "cutoff": "2025-01-01"}
    return Settings.model_construct(
        lab=type("Lab", (), lab)(), colonias=type("Register", (), colonias)()
    )


@pytest.fixture(scope="module")
def processed():
    rng = np.random.default_rng(1)
    keys = [f"c{i:02d}" for i in range(60)]
    full = pd.MultiIndex.from_product(
        [keys, MONTHS, ("violence", "robbery", "theft", "other")],
        names=["colonia_id", "month", "group"],
    ).to_frame(index=False)
    rate = np.full(60, 0.5)
    rate[:4] = 4.0
    events = pd.array(rng.poisson(np.repeat(rate, 48 * 4)), dtype="Int64")
    hour = pd.array([12] * 300 + list(rng.integers(0, 24, 700)), dtype="Int64")
    column, row = np.arange(60) % 10, np.arange(60) // 10
    shapes = [box(x, y, x + 500, y + 500) for x, y in zip(500 * column, 500 * row, strict=True)]
    # Bars stand in the busy colonias and dentists anywhere.
    far = {"bars": np.where(rate > 1, 50.0, 900.0), "dentists": rng.uniform(50, 900, 60)}
    premises = [
        {"kind": kind, "label": kind, "premises": 3, "jobs": np.nan, "metres": metres}
        for kind, metres in far.items()
    ]
    every = {"kind": ALL_PREMISES, "label": "", "premises": 10 * rate, "jobs": 100 * rate}
    lacks = rng.random(60)
    wide = {"unemployed": lacks, "internet": 1 - lacks**2, "car": 1 - lacks**3}
    indicators = [
        pd.DataFrame({"colonia_id": keys, "indicator": k, "value": v, "unit": "%"})
        for k, v in wide.items()
    ]
    return {
        "panel": full.assign(record_type="case_file", events=events),
        "colonias": gpd.GeoDataFrame(
            {
                "colonia_id": keys,
                "borough": np.where(row < 3, "South", "North"),
                "population": 1_000.0,
                "dwellings": [np.nan, *[300.0] * 59],
            },
            geometry=gpd.GeoSeries(shapes, crs=CRS).to_crs("EPSG:4326"),
        ),
        "indicators": pd.concat(indicators),
        EVENTS: pd.DataFrame(
            {
                "occurred_on": pd.Timestamp("2024-05-05")
                + pd.to_timedelta(np.arange(1000) % 9, "D"),
                "hour": hour,
                "crime_group": "theft",
                "crime_code": ["vehicle_theft"] * 250 + ["lost_cat"] * 750,
                "x": rng.uniform(0, 5_000, 1000),
                "y": rng.uniform(0, 3_000, 1000),
            }
        ),
        PREMISES: pd.concat(
            [pd.DataFrame({"colonia_id": keys, **one}) for one in [*premises, every]]
        ),
    }


@pytest.fixture(scope="module")
def tables(processed, settings):
    return pattern_results(processed, edition("internal"), settings)


def test_the_tables_keep_their_contracts(tables):
    for name, table in tables.items():
        assert len(check_table(name, table))


def test_nothing_of_them_is_in_the_public_edition(processed, settings):
    assert pattern_results(processed, edition("public"), settings) == {}


def test_the_four_busy_colonias_are_chronic_and_chance_would_not_make_them(tables):
    lasting = tables["persistence"][tables["persistence"]["kind"] == "chronic"]

    assert sorted(lasting["colonia_id"]) == ["c00", "c01", "c02", "c03"]
    assert lasting["alike"].max() < 0.5


def test_concentration_is_told_for_each_whole_year(tables):
    total = tables["concentration"].query("group == 'total' and exposure == 'place'")

    assert total["year_start"].dt.year.tolist() == [2021, 2022, 2023, 2024]
    assert (total["gini"] > total["chance_upper"]).all()


def test_a_colonia_without_dwellings_is_compared_by_residents_only(tables):
    own = tables["exposures"].query("colonia_id == 'c00' and group == 'total'")

    verdicts = own.set_index("exposure")["verdict"]
    assert verdicts["residents"] == "above"
    assert verdicts["households"] == "unknown"


def test_by_premises_a_busy_colonia_is_no_longer_above(tables):
    own = tables["exposures"].query("colonia_id == 'c01' and group == 'total'")

    verdicts = own.set_index("exposure")["verdict"]
    assert verdicts["residents"] == "above"
    assert verdicts["premises"] == "similar"
    assert set(verdicts.index) == {"residents", "households", "premises", "ambient"}
    assert not own["agrees"].any()


def test_premises_that_files_lie_near_are_chosen_and_others_left_out(tables):
    total = tables["terrain"].query("group == 'total'").set_index("layer")

    assert total["chosen"].to_dict() == {"bars": True, "dentists": False}
    assert 1.2 < total.loc["bars", "lower"] < total.loc["bars", "ratio"]
    assert total.loc["dentists", ["ratio", "lower", "upper"]].isna().all()


def test_harm_is_of_the_municipality_and_says_what_it_rests_on(tables):
    last = tables["harm"].iloc[-1]

    assert (last["events"], last["weighed_share"]) == (1000, 0.25)
    assert last["harm_days"] == 250 * 2555
    assert last["lower"] < last["harm_days"] < last["upper"]
    # Of one kind of crime weighed, half and double are the limits of its weight.
    assert last["doubt_lower"] > last["lower"] / 2
    assert last["doubt_upper"] < last["upper"] * 2
    assert last["doubt_lower"] < last["lower"]
    assert last["doubt_upper"] > last["upper"]
    assert not last["verified"]


def test_a_colonia_that_lacks_most_by_every_indicator_has_all_others_below(tables, processed):
    places = tables["index_places"].set_index("colonia_id")

    wide = processed["indicators"].pivot(index="colonia_id", columns="indicator", values="value")
    worst, best = wide["unemployed"].idxmax(), wide["unemployed"].idxmin()
    assert (places.loc[worst, ["lower_share", "upper_share"]] == 1).all()
    assert (places.loc[best, ["lower_share", "upper_share"]] == 0).all()
    assert (places["lower_share"] <= places["upper_share"]).all()


def test_files_dealt_at_random_do_not_repeat_nearby_and_planted_pairs_do(processed, settings):
    plain = processed[EVENTS]
    twins = plain.head(150).assign(occurred_on=plain["occurred_on"] + pd.Timedelta(days=1))
    more = pd.concat([plain, twins.assign(x=twins["x"] + 30)], ignore_index=True)

    by_chance, planted = (
        point_tables(told, processed["colonias"], WINDOW, settings.lab)["near_repeats"].iloc[0]
        for told in (spread(plain), spread(more))
    )

    assert by_chance["q_value"] > 0.05
    assert planted["q_value"] < 0.05
    assert planted["ratio"] > 2


def spread(events):
    """Spread days over a year, pairs kept together."""
    base = pd.Timestamp("2024-01-03")
    shift = pd.to_timedelta(37 * (np.arange(len(events)) % 1000) % 340, "D")
    return events.assign(
        occurred_on=base + shift + pd.to_timedelta(np.arange(len(events)) // 1000, "D")
    )


def test_the_density_of_cells_adds_up_to_the_files(tables):
    cells = tables["density"]

    area = (cells["cell_metres"] / 1_000) ** 2
    # What of the kernels lies outside is made up for at the edge.
    assert (cells["per_km2"] * area).sum() == pytest.approx(1000, rel=0.1)


def test_what_is_done_in_colonias_makes_no_pattern_anew(
    processed, settings, tables, tmp_path, monkeypatch
):
    kept = edition("internal", fits=Kept(tmp_path))
    first = pattern_results(processed, kept, settings)
    monkeypatch.setattr(patterns, "_patterns", None)  # whoever makes them anew fails

    again = pattern_results({**processed, "actions": pd.DataFrame({"n": [1]})}, kept, settings)

    assert again.keys() == first.keys() == tables.keys()
    for name, made in tables.items():
        pd.testing.assert_frame_equal(again[name], made)
    moved = processed["panel"].assign(events=processed["panel"]["events"] + 1)
    with pytest.raises(TypeError):
        pattern_results({**processed, "panel": moved}, kept, settings)


def test_a_surge_of_a_borough_raises_an_alarm_and_the_usual_does_not(processed):
    panel = processed["panel"]
    there = panel["colonia_id"].isin([f"c{i:02d}" for i in range(30)])
    last = panel["month"] == MONTHS[-1]
    surge = panel.assign(events=panel["events"].mask(there & last, panel["events"] + 2))

    usual, raised = (
        series_alarms(told, processed["colonias"], WINDOW, complete=np.nan, city="M")
        for told in (panel, surge)
    )

    assert not usual["alarm"].any()
    assert set(raised.loc[raised["alarm"], "area"]) >= {"South", "M"}
    assert "North" not in set(raised.loc[raised["alarm"], "area"])
    assert usual["budget"].iloc[0] == 0.5


def test_files_still_to_come_are_allowed_for_in_the_series(processed):
    half = processed["panel"].copy()
    last = half["month"] == MONTHS[-1]
    half.loc[last, "events"] = (half.loc[last, "events"] * 3).astype("Int64")

    alike, allowed = (
        series_alarms(half, processed["colonias"], WINDOW, complete=share, city="M")
        for share in (np.nan, 0.5)
    )

    assert (allowed["p_value"] <= alike["p_value"] + 1e-9).all()
    assert allowed["observed"].tolist() == alike["observed"].tolist()


@pytest.fixture(scope="module")
def gathered(processed, settings):
    """What the scan of the last months finds where six neighbours rise, and where none does."""
    panel = processed["panel"]
    new = panel["colonia_id"].isin(["c44", "c45", "c46", "c54", "c55", "c56"])
    recent = panel["month"] >= MONTHS[-3]
    risen = panel.assign(events=panel["events"].mask(new & recent, panel["events"] + 1))
    files = panel[panel["month"] >= MONTHS[36]].groupby(["colonia_id", "group"])["events"].sum()
    crime = pd.concat(
        [
            files.reset_index(),
            files.groupby("colonia_id").sum().reset_index().assign(group="total"),
        ]
    ).assign(person_years=1_000.0)
    side = np.arange(60)
    touch = np.abs(side[:, None] % 10 - side % 10) + np.abs(side[:, None] // 10 - side // 10) == 1
    return [
        clusters_tables(
            crime, processed["colonias"], told, sparse.csr_array(touch.astype(float)), settings.lab
        )
        for told in (panel, risen)
    ]


def test_new_clusters_are_found_and_what_always_was_is_not_new(gathered):
    usual, risen = (tables["risk_emerging"] for tables in gathered)

    assert usual.empty
    first = risen[risen["cluster"] == 1]
    assert {"c44", "c45", "c46", "c54", "c55", "c56"} <= set(first["colonia_id"])
    assert len(first) <= 9


def test_the_four_busy_neighbours_are_alike_and_the_map_is_too(gathered):
    tables = gathered[0]

    total = tables["risk_clusters"].query("group == 'total'").set_index("colonia_id")
    assert set(total.loc[["c01", "c02"], "likeness"]) == {"high-high"}
    assert total.loc["c55", "likeness"] == "neither"
    whole = tables["risk_gathering"].set_index("group").loc["total"]
    assert whole["q_value"] < 0.01
    assert whole["statistic"] > whole["expected"]


def test_what_noon_has_too_much_is_not_believed(tables):
    noon = tables["hours"].query("group == 'theft' and hour == 12").iloc[0]

    assert noon["unknown_share"] == pytest.approx(0.3, abs=0.03)
    assert noon["share"] == pytest.approx(1 / 24, abs=0.03)


def test_patterns_are_found_in_exact_points_and_only_coarse_ones_lie_beyond_clean(finished):
    opened = open_workbench(finished)
    clean, located = (opened.workbench.interim(step) for step in ("clean", "located"))
    exact = read_table("events", clean, as_name="carpetas.events").set_index("event_id")
    coarse = read_table("located", located, as_name="carpetas.located").set_index("event_id")
    true = coarse.index[coarse["location_quality"].isin(TRUE_POINTS)]
    lon, lat = exact.loc[true, "lon"], exact.loc[true, "lat"]

    points = recorded_events(opened).dropna(subset=["x", "y"])

    expected = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs="EPSG:4326").to_crs(
        opened.settings.lab.crs
    )
    assert sorted(points["x"].round(1)) == sorted(expected.x.round(1))
    away = (coarse.loc[true, "lon"] - lon).abs()
    assert away.max() <= 0.0025 + 1e-9
    assert away.median() > 0.0005
