"""What a roll-out could see: each action on its own kinds of crime, in the part that it reaches."""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from labtools.targeting.options import Action
from labtools.workflow.known import Known
from labtools.workflow.power import power_table

N, MONTHS = 70, 36
KINDS = {"violence": 1.0, "theft": 9.0}


@pytest.fixture(scope="module")
def known():
    rng = np.random.default_rng(12)
    keys = [f"c{n:02d}" for n in range(N)]
    months = pd.date_range("2023-01-01", periods=MONTHS, freq="MS")
    panel = pd.concat(
        pd.DataFrame(
            {
                "colonia_id": np.repeat(keys, MONTHS),
                "month": np.tile(months, N),
                "record_type": "case_file",
                "group": kind,
                "events": rng.poisson(mean, N * MONTHS),
            }
        )
        for kind, mean in KINDS.items()
    )
    squares = [box(500 * (n % 10), 500 * (n // 10), 500 * (n % 10) + 500, 500) for n in range(N)]
    colonias = gpd.GeoDataFrame({"colonia_id": keys}, geometry=squares, crs="EPSG:32614")
    survey = pd.DataFrame(
        {
            "colonia_id": np.repeat(keys, 10),
            "indicator": "insecurity",
            "value": rng.binomial(1, 0.6, 10 * N).astype(float),
        }
    )
    return Known(
        {"panel": panel, "colonias": colonias, "survey": survey},
        {},
        SimpleNamespace(window=SimpleNamespace(end=pd.Timestamp("2026-01-01"))),
        SimpleNamespace(lab=SimpleNamespace(crs="EPSG:32614")),
    )


@pytest.fixture(scope="module")
def table(known):
    rng = np.random.default_rng(1)
    drawn = pd.DataFrame(dict.fromkeys(("all", "few", "part"), rng.normal(-0.3, 0.02, 50)))
    actions = {
        "all": Action("works", 1.0, 1.0, ("violence", "theft")),
        "few": Action("works", 1.0, 1.0, ("violence",)),
        "part": Action("works", 1.0, 0.2, ("violence", "theft")),
        "lots": Action("works", 1.0, 0.5, ("theft",)),
        "untold": Action("works", 1.0, 0.5, ()),
    }
    effects = {"crime": drawn, "fear": pd.DataFrame({"lots": rng.normal(-0.5, 0.02, 50)})}
    return power_table(known, effects, actions, rng)


def test_every_priced_action_with_a_figure_has_its_own_power(table):
    at = table[(table["per_arm"] == 8) & (table["months"].fillna(12) == 12)]
    power = at.set_index(["intervention", "outcome"])["power"]

    assert set(power.index) == {("all", "crime"), ("few", "crime"), ("part", "crime")} | {
        ("lots", "fear")
    }
    assert power["all", "crime"] > 0.95
    assert power["few", "crime"] < power["all", "crime"] - 0.2
    assert power["part", "crime"] < power["all", "crime"] - 0.4
    falls = table.drop_duplicates("intervention").set_index("intervention")["fall"]
    assert falls.to_dict() == pytest.approx(
        {"all": 0.3, "few": 0.3, "part": 0.06, "lots": 0.25}, abs=0.01
    )


def test_the_smallest_design_that_sees_it_is_told_and_only_one(table):
    for _, designs in table.groupby(["intervention", "outcome"]):
        enough = designs[designs["power"] >= 0.8].sort_values(["months", "per_arm"])
        smallest = designs[designs["standing"] == "smallest"]
        assert smallest.index.tolist() == enough.index[:1].tolist()
        assert (designs.loc[enough.index[1:], "standing"] == "enough").all()
        assert (designs.loc[designs["power"] < 0.8, "standing"] == "short").all()


def test_without_prices_nothing_is_planned(known):
    effects = {"crime": pd.DataFrame(), "fear": pd.DataFrame()}

    assert power_table(known, effects, {}, np.random.default_rng(0)).empty
