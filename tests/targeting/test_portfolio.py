"""Choices against brute force over every subset, and the properties that a reader relies on."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from labtools.errors import AnalysisError
from labtools.tables.contracts import check_table
from labtools.targeting.fairness import allocation_if_reporting_moves
from labtools.targeting.floors import within_reach
from labtools.targeting.frontier import frontier, stability
from labtools.targeting.options import Action, Options, fear_averted, make_options
from labtools.targeting.portfolio import Rules, best_value, choose_portfolio, objective
from labtools.targeting.simple_rules import choose_simply


def some_options(seed=0, colonias=4, draws=60):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        [
            (f"c{c}", action, agency, cost, f"b{c % 2}", f"g{c % 3}")
            for c in range(colonias)
            for action, agency, cost in (("light", "works", 3.0), ("watch", "police", 2.0))
        ],
        columns=["colonia_id", "intervention", "agency", "cost", "borough", "grade"],
    )
    benefit = rng.gamma(2, rng.uniform(1, 4, len(table)), (draws, len(table)))
    return Options(table, benefit)


def keeps(options, rules, chosen):
    table = options.table[chosen]
    spent = table.groupby("borough")["cost"].sum()
    by_grade = table.groupby("grade")["cost"].sum()
    return (
        table["cost"].sum() <= rules.budget
        and all((table["agency"] == a).sum() <= n for a, n in rules.capacity.items())
        and (table["colonia_id"].value_counts() <= rules.per_colonia).all()
        and all(spent.get(b, 0) >= least for b, least in rules.borough_floor.items())
        and all(by_grade.get(g, 0) >= least for g, least in rules.grade_floor.items())
    )


def best_by_force(options, rules):
    n = len(options.table)
    best = -np.inf
    for size in range(n + 1):
        for subset in combinations(range(n), size):
            chosen = np.zeros(n)
            chosen[list(subset)] = 1
            if keeps(options, rules, chosen.astype(bool)):
                best = max(best, objective(options, rules, chosen))
    return best


@pytest.mark.parametrize(
    "rules",
    [
        Rules(9),
        Rules(9, per_colonia=1),
        Rules(12, capacity={"works": 1}),
        Rules(9, borough_floor={"b1": 6}),
        Rules(10, grade_floor={"g2": 3, "g1": 2}),
        Rules(9, aversion=0.5),
        Rules(9, aversion=1.0, tail=0.1),
    ],
    ids=["budget", "one each", "capacity", "borough", "grade", "averse", "worst only"],
)
def test_the_choice_is_the_best_there_is_and_keeps_every_rule(rules):
    options = some_options()

    found = choose_portfolio(options, rules, gap=1e-6)

    assert keeps(options, rules, found.chosen.to_numpy())
    value = objective(options, rules, found.chosen.to_numpy(float))
    assert value == pytest.approx(best_by_force(options, rules), rel=0.0026)
    assert found.cost == options.table.loc[found.chosen, "cost"].sum()


def test_floors_that_no_money_can_keep_are_refused():
    with pytest.raises(AnalysisError, match="5"):
        choose_portfolio(some_options(), Rules(5, borough_floor={"b0": 4, "b1": 4}))


def test_the_last_peso_buys_what_the_first_option_left_out_gives_for_its_cost():
    table = some_options().table
    table["cost"] = 1.0
    gain = np.array([9.0, 8, 7, 6, 5, 4, 3, 2])
    options = Options(table, np.tile(gain, (5, 1)))

    found = choose_portfolio(options, Rules(3.5))

    # Three are taken whole and half of the fourth would be: one more peso buys 6.
    assert found.mean == pytest.approx(24.0)
    assert found.price == pytest.approx(6.0)


def test_more_aversion_guards_the_worst_draws_and_gives_up_the_mean():
    options = some_options(seed=3, colonias=8, draws=400)
    risky = options.benefit.copy()
    risky[:200, ::2] *= 2.6
    risky[200:, ::2] *= 0.05
    options = Options(options.table, risky)

    dared = choose_portfolio(options, Rules(14), gap=1e-4)
    guarded = choose_portfolio(options, Rules(14, aversion=1.0), gap=1e-4)

    assert guarded.worst > dared.worst
    assert guarded.mean < dared.mean


def test_a_larger_budget_averts_more_and_its_last_peso_buys_less():
    options = some_options(colonias=10)

    found = frontier(options, Rules(16), (0.5, 1.0, 1.5))

    assert found["mean"].is_monotonic_increasing
    assert found["price"].is_monotonic_decreasing
    assert (found["lower"] < found["mean"]).all()
    assert (found["mean"] < found["upper"]).all()


def test_a_choice_that_is_known_is_the_middle_of_the_frontier_and_the_unmoved_allocation():
    options, rules = some_options(colonias=10), Rules(16, aversion=0.3)
    chosen = choose_portfolio(options, rules)
    grades = sorted(options.table["grade"].unique())
    people = pd.Series(1_000.0, pd.Index(grades, name="grade"))

    assert_frame_equal(
        frontier(options, rules, (0.5, 1.0, 1.5), chosen=chosen),
        frontier(options, rules, (0.5, 1.0, 1.5)),
    )
    assert_frame_equal(
        allocation_if_reporting_moves(options, rules, people, chosen=chosen),
        allocation_if_reporting_moves(options, rules, people),
    )


def test_what_is_surely_best_is_firm_and_equals_are_alternatives_within_the_noise():
    rng = np.random.default_rng(1)
    table = some_options(colonias=2).table.assign(cost=1.0)
    benefit = np.column_stack(
        [np.full(400, 50.0), rng.normal(10, 3, 400), rng.normal(10, 3, 400), np.full(400, 0.1)]
    )
    options = Options(table, benefit)
    rules = Rules(2)

    found = stability(options, rules, choose_portfolio(options, rules), draws=400)

    assert found.standing[0] == "firm"
    assert sorted(found.standing[1:3]) == ["alternative", "chosen"]
    assert found.standing[3] == "out"
    # Knowing which of two equals is better: E|X - Y| / 2 = 3 / sqrt(pi).
    assert found.certainty == pytest.approx(3 / np.sqrt(np.pi), abs=0.35)


@pytest.mark.parametrize(
    "rules",
    [
        Rules(400, capacity={"works": 40, "police": 70}, borough_floor={"b0": 150}),
        Rules(300, per_colonia=1, grade_floor={"g0": 90, "g1": 90, "g2": 90}),
        Rules(37.5),
    ],
    ids=["capacity", "grades", "half a peso left"],
)
def test_of_many_options_one_draw_s_best_is_as_good_as_a_search_of_them_all(rules):
    options = some_options(seed=4, colonias=300, draws=3)
    for benefit in options.benefit:
        sure = Options(options.table, benefit[None])
        best = objective(sure, rules, choose_portfolio(sure, rules, gap=1e-6).chosen.to_numpy())

        value, point = best_value(benefit, options.table, rules)

        assert keeps(options, rules, point.astype(bool))
        assert value == pytest.approx(point @ benefit)
        assert best * (1 - 0.0025) <= value <= best * (1 + 1e-6)


@pytest.mark.parametrize("rule", ["worst_first", "random", "equal_split"])
def test_a_simple_rule_keeps_budget_capacity_and_limit(rule):
    options = some_options(colonias=10)
    rules = Rules(14, capacity={"works": 2}, per_colonia=1)
    recorded = pd.Series(range(10), index=[f"c{c}" for c in range(10)])

    taken = choose_simply(rule, options, rules, recorded, rng=np.random.default_rng(2))

    assert taken.any()
    assert keeps(options, rules, taken.to_numpy())


def test_worst_first_takes_the_colonia_with_most_case_files():
    recorded = pd.Series({"c0": 1, "c1": 9, "c2": 3, "c3": 2})

    taken = choose_simply(
        "worst_first", some_options(), Rules(5), recorded, rng=np.random.default_rng(2)
    )

    assert set(some_options().table.loc[taken, "colonia_id"]) == {"c1"}


def test_an_option_averts_the_harm_it_reaches_times_its_effect():
    harm = {"theft": pd.DataFrame({"a": [10.0, 20.0], "b": [0.0, 5.0]})}
    effects = pd.DataFrame({"light": [-0.2, -0.1]})
    colonias = pd.DataFrame({"borough": ["x", "y"], "grade": ["1", "2"]}, index=["a", "b"])
    actions = {"light": Action("works", 5.0, 0.5, ("theft", "robbery"))}

    options = make_options(harm, effects, actions, colonias)

    np.testing.assert_allclose(options.benefit, [[1.0, 0.0], [1.0, 0.25]], rtol=1e-6)
    assert list(options.table["colonia_id"]) == ["a", "b"]


def test_actions_without_a_verified_effect_make_no_portfolio():
    actions = {"mentoring": Action("social", 5.0, 0.5, ("theft",))}

    with pytest.raises(AnalysisError, match="1 "):
        make_options({}, pd.DataFrame(index=range(3)), actions, pd.DataFrame())


def test_fear_averted_counts_by_its_weight_and_makes_options_of_its_own():
    insecure = pd.DataFrame({"a": [0.5, 0.5], "b": [0.2, 0.4]})
    felt = fear_averted(
        insecure,
        pd.DataFrame({"lots": [-0.5, -0.25]}),
        pd.Series({"a": 1_000, "b": 100}),
        weight=0.01,
    )
    colonias = pd.DataFrame({"borough": ["x", "y"], "grade": ["1", "2"]}, index=["a", "b"])
    actions = {"lots": Action("parks", 5.0, 0.1, ("theft",))}

    options = make_options({}, pd.DataFrame(index=range(2)), actions, colonias, fear=felt)

    np.testing.assert_allclose(options.benefit, [[0.25, 0.01], [0.125, 0.01]], rtol=1e-6)


def test_the_less_is_known_the_more_knowing_is_worth():
    options = some_options(seed=5, colonias=8, draws=60)
    mean = options.benefit.mean(axis=0)
    less, more = (
        Options(options.table, mean + share * (options.benefit - mean)) for share in (0.3, 1.0)
    )
    rules = Rules(12)

    worth = [
        stability(one, rules, choose_portfolio(one, rules), draws=60).certainty
        for one in (less, more)
    ]

    assert 0 < worth[0] < worth[1]


def test_knowing_is_worth_nothing_where_nothing_is_in_doubt():
    """Costs 5, 4 and 3, gains 10, 7 and 6, seven pesos: the best whole choice is 7 + 6 = 13."""
    table = some_options(colonias=3).table.iloc[::2].reset_index(drop=True)
    table["cost"] = [5.0, 4.0, 3.0]
    options = Options(table, np.tile([10.0, 7.0, 6.0], (30, 1)))

    for rules in (Rules(7), Rules(7, aversion=0.5)):
        chosen = choose_portfolio(options, rules)
        found = stability(options, rules, chosen)

        assert chosen.mean == pytest.approx(13)
        assert found.certainty == 0
        assert found.standing.tolist() == ["out", "firm", "firm"]


def test_harm_is_joined_to_colonias_by_name_and_not_by_place():
    harm = {"theft": pd.DataFrame({"b": [0.0, 5.0], "a": [10.0, 20.0]})}
    colonias = pd.DataFrame({"borough": ["x", "y"], "grade": ["1", "2"]}, index=["a", "b"])
    actions = {"light": Action("works", 5.0, 0.5, ("theft",))}

    options = make_options(harm, pd.DataFrame({"light": [-0.2, -0.1]}), actions, colonias)

    np.testing.assert_allclose(options.benefit, [[1.0, 0.0], [1.0, 0.25]], rtol=1e-6)


def test_an_effect_on_no_kind_of_crime_makes_no_option():
    colonias = pd.DataFrame({"borough": ["x"], "grade": ["1"]}, index=["a"])
    harm = {"theft": pd.DataFrame({"a": [10.0, 20.0]})}
    effects = pd.DataFrame({"home": [-0.2, -0.1]})

    with pytest.raises(AnalysisError, match="1 "):
        make_options(harm, effects, {"home": Action("works", 5.0, 0.5, ())}, colonias)


@pytest.mark.parametrize(
    "rules",
    [
        Rules(9, borough_floor={"b0": 4.0, "b1": 5.0, "nowhere": 2.0}),
        Rules(9, grade_floor={"g0": 4.5, "g1": 4.5}),
        Rules(9, capacity={"works": 0}, borough_floor={"b0": 9.0}),
    ],
    ids=["a borough without options", "lumps", "capacity"],
)
def test_floors_that_no_choice_keeps_are_lowered_to_what_one_keeps_and_told(rules):
    options = some_options()
    with pytest.raises(AnalysisError):
        choose_portfolio(options, rules)

    reached, lowered = within_reach(options.table, rules)
    found = choose_portfolio(options, reached)

    assert len(check_table("portfolio_floors", lowered))
    assert (lowered["kept"] < lowered["asked"]).all()
    assert keeps(options, reached, found.chosen.to_numpy())
    # Nothing less would do: a cent more than what is kept cannot be kept, the others as they are.
    first = lowered.iloc[0]
    floors = dict(getattr(reached, f"{first['kind']}_floor"))
    floors[first["part"]] += 0.02
    with pytest.raises(AnalysisError):
        choose_portfolio(options, replace(reached, **{f"{first['kind']}_floor": floors}))


def test_floors_that_can_be_kept_stay_as_they_are():
    rules = Rules(10, grade_floor={"g2": 3, "g1": 2})

    reached, lowered = within_reach(some_options().table, rules)

    assert reached == rules
    assert lowered.empty


def test_a_frontier_with_floors_too_high_for_a_small_budget_is_drawn_all_the_same():
    curve = frontier(some_options(), Rules(9, borough_floor={"b0": 4.5, "b1": 4.5}), (0.5, 1.0))

    assert (curve["actions"] > 0).all()
