import pandas as pd
import pytest

from labtools import messages
from labtools.dashboards.programme import ProgrammePage
from labtools.dashboards.tryout import RULES, actions_with_figure, try_budget

PROPOSALS = pd.DataFrame(
    {
        "colonia_id": ["a", "b", "c", "a", "d"],
        "intervention": ["lights", "lights", "lights", "mentoring", "lights"],
        "name": ["Luces", "Luces", "Luces", "Mentoría", "Luces"],
        "crime_lower": [-0.4, -0.4, -0.4, None, -0.4],
        "crime_upper": [-0.1, -0.1, -0.1, None, -0.1],
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

    # b expects 20 crimes and c 15; a, with 10, is left out.  Ranges are 10 to 40 % of them.
    assert table["reached"].to_dict() == {"x": 1, "y": 1}
    assert table["pesos"].sum() == 20
    assert table["low"].to_dict() == pytest.approx({"x": 1.5, "y": 2.0})
    assert table["high"].to_dict() == pytest.approx({"x": 6.0, "y": 8.0})


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
    proposals, crime, colonias = PROPOSALS, CRIME, COLONIAS


class Unproposed(Released):
    proposals = PROPOSALS[PROPOSALS["crime_lower"].isna()]


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
