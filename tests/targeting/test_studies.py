"""The studies that are kept say what the method cards tell of them."""

import json

import pytest

from labtools import paths


def study(name):
    return json.loads(paths.bundled("reports", "studies", f"{name}.json").read_text("utf-8"))


def card(name):
    book = json.loads(paths.bundled("notebooks", "methods", f"{name}.ipynb").read_text("utf-8"))
    return "\n".join("".join(cell["source"]) for cell in book["cells"])


def test_the_portfolio_nears_who_knows_as_much_of_effects_and_beats_every_simple_rule():
    told, said = study("portfolio"), card("portfolio")

    assert len(told["seeds"]) >= 20
    assert told["mean"]["of_oracle_of_crime"] >= 0.9
    assert all(told["paired"][rule]["lower"] > 0 for rule in told["paired"])
    assert set(told["paired"]) == {"worst_first", "random", "equal_split"}
    for figure in (
        told["mean"]["of_oracle_of_crime_and_effects"],
        told["lowest"]["of_oracle_of_crime_and_effects"],
        told["mean"]["oracle_of_crime_of_all"],
        told["mean"]["of_oracle_of_crime"],
    ):
        assert f"{100 * figure:.0f} %" in said
    worst = told["paired"]["worst_first"]
    for figure in (worst["difference"], worst["lower"], worst["upper"]):
        assert f"{100 * figure:.1f}" in said
    assert f"en {worst['wins']} de las {len(told['seeds'])} ciudades" in said


@pytest.mark.parametrize("case", ["poisson", "overdispersed"])
def test_promised_power_is_kept_within_three_points_at_low_and_at_usual_power(case):
    told = study("power")
    cases = [told[name] for name in told if name.startswith(case) and "near" not in name]

    assert len(cases) == 2
    assert all(abs(one["difference_points"]) <= 3 for one in cases)
    assert any(0.7 <= one["promised"] <= 0.9 for one in cases)


def test_where_a_promise_is_not_kept_the_card_says_by_how_much():
    told, said = study("power"), card("power")
    cases = [one for one in told.values() if isinstance(one, dict)]
    missed = [one for one in cases if abs(one["difference_points"]) > 3]

    assert all(f"{abs(one['difference_points']):.1f} puntos" in said for one in missed)
    assert f"{max(one['rmse_points'] for one in cases):.1f} puntos" in said
