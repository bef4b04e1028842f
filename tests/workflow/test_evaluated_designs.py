"""Designs of a protocol in a run: what decides, what is told beside it, and what is refused."""

import json
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from labtools.evaluation.protocol import digest_of_protocol
from labtools.evaluation.sealing import Sealed
from labtools.messages import speaking
from labtools.narrative.evaluated import evaluation_of
from labtools.narrative.evaluation import evaluation_sentences
from labtools.tables.contracts import check_table, empty_table
from labtools.workflow import evaluation
from labtools.workflow.evaluation import evaluation_tables
from labtools.workflow.keeping import Kept
from labtools.workflow.protocols import Planned
from tests.evaluation.town import AT, KEYS, plan, town

SETTINGS = SimpleNamespace(lab=SimpleNamespace(crs="EPSG:6372", seed=7))
CORNERS = AT * 500.0 + 1_000_000


def processed(entered):
    squares = shapely.box(*CORNERS.T, *(CORNERS + 500).T)
    shapes = gpd.GeoDataFrame({"colonia_id": KEYS}, geometry=squares, crs="EPSG:6372")
    programme = pd.DataFrame({"colonia_id": KEYS, "entered_on": entered.to_numpy()}).dropna()
    done = pd.DataFrame(
        {
            "colonia_id": programme["colonia_id"],
            "done_on": pd.Timestamp("2023-05-01"),
            "action_type": "patrol",
            "dose": 30.0,
            "unit": "hours",
            "cost": 1_000.0,
        }
    )
    return {
        **{name: empty_table(name) for name in ("panel", "survey")},
        "colonias": shapes,
        "programme": programme.assign(left_on=pd.NaT, stage="1"),
        "actions": done,
    }


def evaluated(protocol, *, places=25, effect=0.6, is_public=False):
    counts, entered = town(places=places, effect=effect)
    table = counts.rename_axis(index="colonia_id", columns="quarter").stack()
    parts = [
        table.rename("events").reset_index().assign(group=group) for group in ("robbery", "theft")
    ]
    sealed = Sealed(protocol, "2022-12-01", "lab", digest_of_protocol(protocol), ())
    edition = SimpleNamespace(
        protocols=(Planned(protocol, sealed, None),),
        window=SimpleNamespace(last_month="2024-12", end=pd.Timestamp("2025-01-01")),
        earlier={},
        references=None,
        is_public=is_public,
        audience="public" if is_public else "internal",
        fits=Kept(),
    )
    found = evaluation_tables(processed(entered), pd.concat(parts), edition, SETTINGS)
    for name, told in found.items():
        check_table(name, told)
    return found


def aspect(tables, name):
    rows = tables["evaluation"]
    return rows[(rows["outcome"] == "crime") & (rows["aspect"] == name)].iloc[0]


def sentences(tables, protocol, language="en"):
    with speaking(language):
        found = evaluation_of(protocol.id, tables["evaluation"], tables["evaluation_facts"])
        return {name: " ".join(told) for name, told in evaluation_sentences(found).items()}


@pytest.fixture(scope="module")
def lottery():
    others = ["spatial_permutation", "group_time", "synthetic_control"]
    protocol = plan("randomisation", also=others)
    return protocol, evaluated(protocol)


def test_the_design_of_the_protocol_decides_and_the_others_are_told_beside_it(lottery):
    _, tables = lottery

    decides = aspect(tables, "effect")

    assert decides["verdict"] == "better"
    assert decides["lower"] <= -40 <= decides["upper"]
    for other in ("by_spatial_permutation", "by_group_time"):
        assert aspect(tables, other)["verdict"] == "none_given"
        assert aspect(tables, other)["value"] == pytest.approx(-40, abs=7)


def test_what_is_told_beside_it_changes_no_figure_of_the_design_that_decides(lottery):
    _, tables = lottery

    alone = evaluated(plan("randomisation"))

    first, second = (aspect(one, "effect")[["value", "lower", "upper"]] for one in (alone, tables))
    assert first.equals(second)


def test_a_design_that_cannot_be_told_beside_it_says_why(lottery):
    _, tables = lottery
    facts = tables["evaluation_facts"].set_index("fact")["said"]

    why = json.loads(facts["refused-synthetic-control"])

    # 299 others make 11 groups of 25, the programme is one more, and 2.5 % asks for 40.
    assert why["facts"] | {"n": 12, "needed": 40} == why["facts"]


@pytest.mark.parametrize(
    ("language", "decides", "beside"),
    [
        ("en", "draws the lottery again", "Another design was planned beside it"),
        ("es_MX", "repite el sorteo", "Se previó además otro diseño"),
    ],
)
def test_readers_are_told_the_design_and_what_the_others_say(lottery, language, decides, beside):
    protocol, tables = lottery

    said = sentences(tables, protocol, language)

    assert decides in said["plan"]
    assert beside in said["trust"]


def test_a_series_that_nobody_compares_with_says_so_and_concludes_nothing():
    protocol = plan("interrupted_series")

    tables = evaluated(protocol, places=len(KEYS))

    assert pd.isna(aspect(tables, "effect")["compared"])
    assert aspect(tables, "effect")["upper"] < 0
    assert aspect(tables, "effect")["verdict"] == "not_comparable"
    told = sentences(tables, protocol)["verdict"]
    assert "their own past alone" in told
    assert "no colonia is left to compare with" in told
    assert tables["evaluation_time"].empty


def test_the_figure_by_quarter_is_told_whatever_design_decides(lottery):
    protocol, tables = lottery

    told = sentences(tables, protocol)["trust"]

    times = tables["evaluation_time"]
    assert list(times.loc[times["outcome"] == "crime", "since"]) == list(range(8))
    assert times["value"].mean() == pytest.approx(-40, abs=7)
    assert "by another: counts by imputation" in told
    assert "8 quarters one by one" in told


def test_the_public_edition_tells_nothing_of_a_programme_in_few_colonias():
    protocol = plan("synthetic_control", also=["synthetic_difference"])

    inside, public = (evaluated(protocol, places=6, is_public=one) for one in (False, True))

    assert aspect(inside, "effect")["places"] == 6
    assert public["evaluation"].empty
    assert "nothing of fewer than 10" in sentences(public, protocol)["verdict"]


def test_dose_is_told_with_its_unit_and_what_the_log_says_it_cost(lottery):
    protocol, tables = lottery
    facts = tables["evaluation_facts"].set_index("fact")

    # 25 actions of 30 hours, in 25 colonias over the 24 months of 2023 and 2024.
    assert facts.loc["dose", "number"] == pytest.approx(30 / 24, rel=0.01)
    assert facts.loc["dose", "said"] == "hours"
    assert facts.loc["cost-logged", "number"] == pytest.approx(25_000)
    assert "1.25 hours" in sentences(tables, protocol)["delivered"]


def test_harm_is_told_beside_counts_with_its_cost_and_decides_nothing():
    plain = plan("imputed_counts")
    crime = plain.outcomes.crime.model_copy(update={"harm": {"robbery": 3.0, "theft": 1.0}})
    outcomes = plain.outcomes.model_copy(update={"crime": crime})
    protocol = plain.model_copy(update={"outcomes": outcomes})

    tables = evaluated(protocol)

    # Both groups fell by two fifths, and a mean event weighs two.
    assert aspect(tables, "harm")["value"] == pytest.approx(aspect(tables, "effect")["value"])
    averted, harm = aspect(tables, "averted"), aspect(tables, "harm_averted")
    assert harm["value"] == pytest.approx(2 * averted["value"])
    assert aspect(tables, "harm_cost")["value"] == pytest.approx(
        protocol.delivery.cost / harm["value"]
    )
    assert aspect(tables, "harm")["verdict"] == "none_given"
    said = sentences(tables, protocol)["cost"]
    assert "For each unit of harm averted" in said
    assert "the verdict is on counts" in said


def test_a_quarter_in_which_one_group_is_missing_is_missing_and_not_the_sum_of_the_rest():
    spring, summer, autumn = pd.to_datetime(["2025-04-01", "2025-07-01", "2025-10-01"])
    rows = pd.DataFrame(
        [
            ("b", autumn, 4.0),
            ("b", autumn, 1.0),
            ("a", autumn, 2.0),
            ("a", summer, np.nan),
            ("a", summer, 7.0),
            ("b", summer, 0.0),
            ("a", spring, np.nan),
        ],
        columns=["colonia_id", "quarter", "events"],
    )
    table = evaluation._table_of(rows)
    assert list(table.columns) == [summer, autumn]  # nobody knows anything of the spring
    assert table.loc["b"].tolist() == [0.0, 5.0]
    assert table.loc["a", autumn] == 2.0
    assert np.isnan(table.loc["a", summer])
