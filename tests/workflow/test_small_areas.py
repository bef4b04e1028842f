"""The perception of colonias as ``lab.toml`` asks for it: model, benchmark, whose city figure."""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from labtools.errors import AnalysisError
from labtools.settings import Perception
from labtools.workflow.keeping import Kept
from labtools.workflow.small_areas import area_models, model_rows
from labtools.workflow.survey_weights import agreeing_weights

END = pd.Timestamp("2026-01-01")
SIDE, ASKED = 8, 15
N = SIDE**2
IDS = [f"c{k:02d}" for k in range(N)]


@pytest.fixture(scope="module")
def processed():
    """Return a city of 64 colonias on a grid: fifteen people asked in each, five to a block."""
    rng = np.random.default_rng(11)
    poor = rng.standard_normal(N)
    people = pd.DataFrame({"colonia_id": np.repeat(IDS, ASKED)})
    people["borough"] = np.where(people["colonia_id"] < "c10", "north", "south")
    people["stratum"] = people["borough"]
    people["cluster"] = people["colonia_id"] + "-" + (np.arange(N * ASKED) // 5 % 3).astype(str)
    share = 1 / (1 + np.exp(-(0.3 + 0.4 * np.repeat(poor, ASKED))))
    people["value"] = (rng.random(N * ASKED) < share).astype(float)
    people["respondent"] = [f"lab-{k}" for k in range(N * ASKED)]
    survey = people.assign(indicator="insecurity", weight=1.0, wave=pd.Timestamp("2025-11-01"))
    shapes = [box(k % SIDE, k // SIDE, k % SIDE + 1, k // SIDE + 1) for k in range(N)]
    table = pd.DataFrame({"colonia_id": IDS, "population": rng.integers(600, 4_000, N)})
    table["borough"] = np.where(table["colonia_id"] < "c10", "north", "south")
    indicators = pd.DataFrame({"colonia_id": IDS, "indicator": "poverty", "value": poor})
    official = pd.DataFrame(
        {
            "city": "Villa",
            "indicator": "insecurity",
            "quarter": pd.to_datetime(["2025-04-01", "2025-10-01", "2026-01-01"]),
            "share": [0.5, 0.7, 0.9],
            "cv": [0.03, 0.03, 0.03],
        }
    )
    return {
        "survey": survey,
        "colonias": gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:6372"),
        "indicators": indicators,
        "city_perception": official,
    }


def models(processed, **chosen):
    lab = SimpleNamespace(seed=5, crs="EPSG:6372", perception_city="", municipality="Villa")
    settings = SimpleNamespace(lab=lab, perception=Perception(**chosen))
    edition = SimpleNamespace(window=SimpleNamespace(end=END), fits=Kept())
    found = area_models(processed, edition, settings)
    return found, model_rows(found, processed, edition)


def city_of(found, processed):
    people = processed["colonias"].set_index("colonia_id")["population"]
    return found["insecurity"].draws.mul(people).sum(axis=1) / people.sum()


@pytest.mark.parametrize("model", ["logistic", "fay_herriot", "spatial_fay_herriot", "unit_level"])
def test_every_model_of_the_settings_gives_each_colonia_a_figure_that_agrees_with_the_city(
    processed, model
):
    found, rows = models(processed, model=model)

    direct = processed["survey"]["value"].mean()
    assert city_of(found, processed).mean() == pytest.approx(direct, abs=0.01)
    assert rows["area"].to_list() == IDS
    assert (rows["source"] == "model").all()
    shown = rows[rows["state"] == "shown"]
    assert len(shown) > 50
    assert ((shown["lower"] < shown["share"]) & (shown["share"] < shown["upper"])).all()


def test_models_differ_and_the_default_is_the_logistic_one(processed):
    shares = {
        model: models(processed, model=model)[0]["insecurity"].draws.mean()
        for model in ("logistic", "fay_herriot", "unit_level")
    }
    default = models(processed)[0]["insecurity"].draws.mean()

    assert default.equals(shares["logistic"])
    assert not np.allclose(shares["logistic"], shares["fay_herriot"], atol=0.002)
    assert not np.allclose(shares["logistic"], shares["unit_level"], atol=0.002)


@pytest.mark.parametrize("by", ["log_odds", "ratio"])
def test_the_official_figure_of_the_quarter_known_by_the_wave_can_be_the_citys(processed, by):
    found, _ = models(processed, city="official", benchmark=by)

    # October's 70 %, as the wave is of November; the error is that of its variation of 3 %.
    whole = city_of(found, processed)
    assert whole.mean() == pytest.approx(0.7, abs=0.005)
    assert whole.std() == pytest.approx(0.021, abs=0.003)


def test_where_no_official_figure_is_known_the_survey_speaks(processed):
    official = processed["city_perception"].assign(city="Otra")

    found, _ = models(processed | {"city_perception": official}, city="official")

    direct = processed["survey"]["value"].mean()
    assert city_of(found, processed).mean() == pytest.approx(direct, abs=0.01)


def test_without_benchmark_shares_are_as_the_model_gives_them(processed):
    moved, _ = models(processed, city="official")
    left, _ = models(processed, city="official", benchmark="none")

    assert city_of(left, processed).mean() < city_of(moved, processed).mean() - 0.05


def test_waves_of_two_years_ago_leave_more_doubt_of_the_last_one(processed):
    survey = processed["survey"]
    early = survey["cluster"].str.endswith("-1")
    months = pd.Series(pd.Timestamp("2025-11-01"), survey.index)
    widths = []
    for wave in ("2025-11-01", "2024-05-01"):
        asked = survey.assign(wave=months.mask(early, pd.Timestamp(wave)))
        table = models(processed | {"survey": asked})[0]["insecurity"].frame()
        widths.append((table["upper"] - table["lower"]).mean())

    # A third of the answers are six quarters old: 2 on average, and 0.03 more variance.
    assert widths[1] > 1.05 * widths[0]


def test_weights_agree_with_the_people_of_each_borough_and_stand_for_as_many(processed):
    survey, colonias = processed["survey"], processed["colonias"]

    raked = agreeing_weights(survey, colonias, ("borough",))

    lived = colonias.groupby("borough")["population"].sum()
    stood = raked.groupby("borough")["weight"].sum()
    assert (stood / stood.sum()).to_list() == pytest.approx((lived / lived.sum()).to_list())
    assert stood.sum() == pytest.approx(survey["weight"].sum())
    assert agreeing_weights(survey, colonias, ()) is survey


def test_a_survey_of_cities_keeps_its_weights_and_a_borough_without_answers_is_refused(processed):
    survey, colonias = processed["survey"], processed["colonias"]
    cities = survey.assign(colonia_id=None, borough=None)

    assert agreeing_weights(cities, colonias, ("borough",))["weight"].eq(1.0).all()
    north = survey[survey["borough"] == "north"]
    with pytest.raises(AnalysisError, match="with population but nobody asked south"):
        agreeing_weights(north, colonias, ("borough",))
