"""Concentration, persistence, exposure and hours of a run: internal, and beside chance."""

import numpy as np
import pandas as pd
import pytest

from labtools.settings import Settings
from labtools.tables.contracts import check_table
from labtools.tables.periods import Window
from labtools.workflow.edition import Edition
from labtools.workflow.patterns import HOURS, pattern_results

MONTHS = pd.date_range("2021-01-01", periods=48, freq="MS")
END = pd.Timestamp("2025-01-01")
WINDOW = Window(MONTHS[24], MONTHS[36], END)


def edition(audience):
    return Edition(audience, WINDOW, frozenset(), frozenset(), key=(b"k",), cards=(), protocols=())


@pytest.fixture(scope="module")
def settings():
    lab = {"name": "Lab", "municipality": "M", "crs": "EPSG:32614", "seed": 3}
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
    return {
        "panel": full.assign(record_type="case_file", events=events),
        "colonias": pd.DataFrame(
            {"colonia_id": keys, "population": 1_000.0, "dwellings": [np.nan, *[300.0] * 59]}
        ),
        HOURS: pd.DataFrame(
            {"occurred_on": pd.Timestamp("2024-05-05"), "hour": hour, "crime_group": "theft"}
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
    assert verdicts.to_dict() == {"residents": "above", "households": "unknown"}
    assert own["agrees"].all()


def test_what_noon_has_too_much_is_not_believed(tables):
    noon = tables["hours"].query("group == 'theft' and hour == 12").iloc[0]

    assert noon["unknown_share"] == pytest.approx(0.3, abs=0.03)
    assert noon["share"] == pytest.approx(1 / 24, abs=0.03)
