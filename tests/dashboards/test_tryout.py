import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from labtools import messages
from labtools.dashboards.programme import ProgrammePage
from labtools.dashboards.tryout import RULES, actions_with_figure, try_budget
from labtools.targeting.catalogue import read_interventions
from labtools.targeting.matching import with_crimes_fewer

PROPOSALS = pd.DataFrame(
    {
        "colonia_id": ["a", "b", "c", "a", "d"],
        "intervention": ["lights", "lights", "lights", "mentoring", "lights"],
        "name": ["Luces", "Luces", "Luces", "Mentoría", "Luces"],
        "crime_lower": [-0.4, -0.4, -0.4, None, -0.4],
        "crime_upper": [-0.1, -0.1, -0.1, None, -0.1],
        # A third of each colonia's crimes are of the kind that lights act on.
        "fewer_lower": [0.3, 0.6, 0.5, None, 3.0],
        "fewer_upper": [1.3, 2.6, 2.0, None, 12.0],
    }
)
CRIME = pd.DataFrame(
    {
        "colonia_id": ["a", "b", "c", "d"],
        "group": "total",
        "state": ["shown", "shown", "shown", "suppressed"],
        "smoothed": [10.0, 20.0, 5.0, 99.0],
    }
)
COLONIAS = pd.DataFrame(
    {
        "colonia_id": ["a", "b", "c", "d"],
        "borough": ["x", "y", "x", "y"],
        "population": [1_000.0, 1_000.0, 3_000.0, 900.0],
    }
)


def tried(rule, budget=20.0, cost=10.0):
    table = try_budget(PROPOSALS, CRIME, COLONIAS, "lights", plan=(budget, cost), rule=rule)
    return table.set_index("borough")


def test_a_budget_reaches_as_many_colonias_as_it_pays_for_and_says_between_what():
    table = tried("expected")

    # b expects 20 crimes and c 15; a, with 10, is left out.
    assert table["reached"].to_dict() == {"x": 1, "y": 1}
    assert table["pesos"].sum() == 20
    assert table["low"].to_dict() == pytest.approx({"x": 0.5, "y": 0.6})
    assert table["high"].to_dict() == pytest.approx({"x": 2.0, "y": 2.6})


def test_what_is_averted_is_of_the_crimes_that_the_action_was_measured_on_and_no_more():
    """A hundred crimes, thirty of violence, an action of 2 to 20 % on violence: 0.6 to 6."""
    catalogue = read_interventions()
    bare = PROPOSALS.iloc[[0]].assign(intervention="alcohol_hours", crime_lower=-0.2)
    effects = pd.DataFrame({"alcohol_hours": np.linspace(-0.2, -0.02, 1_001)})
    kinds = {"violence": 30.0, "theft": 70.0}
    crimes = {kind: pd.DataFrame({"a": np.full(1_001, n)}) for kind, n in kinds.items()}
    proposals = with_crimes_fewer(bare, catalogue, effects, crimes)
    of_100 = CRIME.assign(smoothed=100.0)

    plan = (10.0, 10.0)
    (row,) = try_budget(
        proposals, of_100, COLONIAS, "alcohol_hours", plan=plan, rule="lot"
    ).itertuples()

    # Nine draws in ten: 2.9 to 19.1 % of thirty crimes.
    assert (row.low, row.high) == pytest.approx((0.87, 5.73))


def test_a_colonia_whose_figure_is_withheld_is_not_in_the_answer():
    assert tried("expected", budget=1_000)["proposed"].sum() == 3


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_keeps_the_budget_and_names_no_colonia(rule):
    table = tried(rule)

    assert table["reached"].sum() == 2
    assert "colonia_id" not in table.columns


def test_a_budget_below_the_cost_of_one_reaches_none():
    assert tried("expected", budget=9.9)[["reached", "pesos", "high"]].sum().tolist() == [0, 0, 0]


def test_only_actions_with_a_verified_figure_can_be_tried():
    assert actions_with_figure(PROPOSALS)["intervention"].tolist() == ["lights"]


class Released:
    proposals, crime = PROPOSALS, CRIME
    colonias = gpd.GeoDataFrame(
        COLONIAS.assign(name=COLONIAS["colonia_id"]),
        geometry=[box(n / 100, 20, (n + 1) / 100, 20.01) for n in range(len(COLONIAS))],
        crs=4326,
    )


class Unproposed(Released):
    proposals = PROPOSALS[PROPOSALS["fewer_lower"].isna()]


def test_an_edition_that_proposes_nothing_with_a_figure_says_so():
    with messages.speaking("en"):
        page = ProgrammePage(Unproposed())

    assert "no action with a verified figure" in page.answer.value


def test_another_budget_changes_the_answer():
    with messages.speaking("en"):
        page = ProgrammePage(Released())
        page.cost.value, page.budget.value = 10, 10
        before = page.answer.value
        page.budget.value = 30

    assert page.answer.value != before
    assert 'data-label="Colonias reached">1</td>' in before
    assert "x: 2 of 2. y: 1 of 1." in page.map.value
