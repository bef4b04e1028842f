"""Waves of entry by years: which events, which entry, and limits by Student's law."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from labtools.errors import AnalysisError
from labtools.evaluation import waves as waves_module
from labtools.evaluation.counts import CountPanel
from labtools.evaluation.programme import Cells, Enrolment, design_cells
from labtools.evaluation.staggered import GroupTimeEffects, Panel, group_time_effects, pretrend_p
from labtools.evaluation.waves import _years, waves_effect
from tests.evaluation.town import BESIDE, QUARTERS, START, plan, town

PLACES = ["in", "in later", "beside", "out"]


def cells(quarters=14, begun=5, awaited=0, exposed="beside"):
    """Two places that enter a year apart, one beside them and one far away; counts tell where."""
    counts = pd.DataFrame(
        np.add.outer(100 * np.arange(1, 5), np.arange(quarters)), PLACES, dtype=float
    )
    at = np.arange(quarters)
    never = np.full(quarters, np.nan)
    since = pd.DataFrame([at - begun, at - begun - 4, never, never], PLACES)
    used = ~(since >= -awaited)
    near = pd.DataFrame(np.zeros(counts.shape, bool), PLACES)
    near.loc[exposed, at >= begun] = True
    return Cells(CountPanel(counts, used, near), since >= 0, since, used & False)


def test_years_are_counted_from_the_first_entry_and_only_whole_ones_count():
    outcome, first = _years(cells())

    # From the fifth quarter on (counted from nought): one year before, two after, one begun.
    assert outcome.columns.to_list() == [1, 2, 3]
    assert outcome.index.to_list() == ["in", "in later", "out"]
    assert outcome.loc["in"].to_list() == [400 + 10, 400 + 26, 400 + 42]
    assert outcome.loc["out", 1] == 1600 + 10
    assert first.to_dict() == {"in": 2.0, "in later": 3.0, "out": 0.0}
    assert first.dtype == float


def test_a_year_in_which_the_programme_was_awaited_is_not_whole():
    found = cells(quarters=18, begun=9, awaited=4)
    found.panel.used.iloc[:, 5:9] = False

    outcome, first = _years(found)

    assert outcome.columns.to_list() == [1, 3, 4]
    assert first.to_dict() == {"in": 3.0, "in later": 4.0, "out": 0.0}


@pytest.mark.parametrize(("quarters", "begun", "after"), [(12, 3, 9), (11, 8, 3)])
def test_without_a_whole_year_before_and_after_it_is_told_how_many_quarters_there_are(
    quarters, begun, after
):
    told = f"has {begun} quarters before the first entry and {after} from it on"

    with pytest.raises(AnalysisError, match=told):
        _years(cells(quarters, begun))


@pytest.fixture(scope="module")
def waves():
    counts, entered = town(places=40, effect=0.6)
    who = Enrolment(entered, entered.notna(), BESIDE)
    protocol = plan("group_time")
    return counts, entered, waves_effect(design_cells(counts, who, protocol), BESIDE, protocol)


def test_the_effect_of_one_wave_is_the_ratio_of_its_sums_to_those_of_others(waves):
    counts, entered, (found, past, p_before) = waves
    inside = entered.notna()
    by_year = {k: counts.iloc[:, START + 4 * k : START + 4 * k + 4] for k in (-2, -1, 0, 1)}
    sums = pd.DataFrame({k: one.sum(axis=1).groupby(inside).sum() for k, one in by_year.items()})

    def ratio(year, base):
        change = np.log(sums[year] / sums[base])
        return change[True] - change[False]

    # In logarithms of sums, each later year against the last before: their mean is the effect.
    assert found.log_ratio == pytest.approx((ratio(0, -1) + ratio(1, -1)) / 2, abs=0.02)
    assert past is not None
    assert past[0] == pytest.approx(ratio(-1, -2), abs=0.02)
    assert 0.05 < p_before < 1
    assert (found.places, found.compared) == (40, 324 - 40)
    assert found.observed == counts.loc[inside, QUARTERS[START:]].to_numpy().sum()


def test_limits_and_p_of_waves_are_those_of_one_law_of_student(waves):
    _, _, (found, past, _) = waves
    reach = (found.upper - found.lower) / 2 / found.se
    level = plan("group_time").level

    freedom = optimize.brentq(lambda f: stats.t.ppf((1 + level) / 2, f) - reach, 1, 1e6)

    assert found.lower + found.upper == pytest.approx(2 * found.log_ratio)
    p = 2 * stats.t.sf(abs(found.log_ratio) / found.se, freedom)
    assert found.p == pytest.approx(p, rel=1e-4, abs=0)
    assert 2 < freedom < 324
    assert past[1] + past[2] == pytest.approx(2 * past[0])
    assert past[1] < past[0] < past[2]


def before_entry(treated, free, near, *, effect=0.3, tests=2):
    """Effects of so many periods before the entry, whose influences are unrelated."""
    n = treated + free
    first = np.repeat([5.0, 0.0], [treated, free])
    influence = np.linalg.qr(np.random.default_rng(8).normal(size=(n, tests + 1)))[0] * n * 0.2
    periods = [*range(5 - tests, 5), 5]
    table = pd.DataFrame(
        {"group": 5.0, "period": periods, "effect": [*([effect] * tests), 9.0], "se": 0.2}
    )
    return GroupTimeEffects(table, influence, first, near)


def test_paths_before_of_many_unrelated_places_are_tested_by_chi_square():
    found = pretrend_p(before_entry(30, 30, None))

    # Two effects of 0.3 with errors of 0.2, unrelated; that of the entry takes no part.
    assert found == pytest.approx(stats.chi2.sf(2 * 1.5**2, 2))


@pytest.mark.parametrize("sides", [(7, 30), (30, 7)])
def test_paths_before_of_few_related_places_are_tested_by_hotelling(sides):
    near = np.eye(37)

    found = pretrend_p(before_entry(*sides, near))

    # Hotelling's T squared of two effects from as many places as the smaller side has.
    squared, p, n = 2 * 1.5**2, 2, 7
    assert found == pytest.approx(stats.f.sf(squared * (n - p) / (p * (n - 1)), p, n - p))


def test_one_degree_of_freedom_tests_and_none_tells_nothing():
    three = pretrend_p(before_entry(3, 30, np.eye(33)))

    assert three == pytest.approx(stats.f.sf(4.5 / 4, 2, 1))
    assert pretrend_p(before_entry(2, 30, np.eye(32))) == 1.0


def test_shared_errors_make_earlier_paths_no_surer_than_unrelated_ones():
    less = np.eye(40) * 0.25
    more = np.eye(40) * 4.0

    alone, smaller, larger = (
        pretrend_p(before_entry(10, 30, near)) for near in (np.eye(40), less, more)
    )

    assert smaller == pytest.approx(alone, rel=1e-12)
    assert alone == pytest.approx(stats.f.sf(4.5 * 8 / (2 * 9), 2, 8))
    assert larger == pytest.approx(stats.f.sf(4.5 / 4 * 8 / (2 * 9), 2, 8))


def test_without_a_period_before_there_is_nothing_to_test():
    effects = before_entry(10, 10, None)
    late = GroupTimeEffects(
        effects.cells[effects.cells["period"] == 5], effects.influence[:, -1:], effects.first
    )

    with pytest.raises(AnalysisError, match="no periods before"):
        pretrend_p(late)


@pytest.mark.parametrize(("treated", "free"), [(5, 5), (4, 6), (6, 4)])
def test_five_places_on_either_side_are_enough_for_a_cell_and_four_are_not(treated, free):
    first = pd.Series(np.repeat([2003.0, 0.0], [treated, free]))
    outcome = pd.DataFrame(
        np.random.default_rng(2).normal(size=(len(first), 4)), columns=range(2001, 2005)
    )
    panel = Panel(outcome, first, outcome[[]])

    if min(treated, free) < 5:
        with pytest.raises(AnalysisError, match="No group"):
            group_time_effects(panel)
        return
    found = group_time_effects(panel)
    change = outcome[2004] - outcome[2002]
    assert found.cells.columns.to_list() == ["group", "period", "effect", "se"]
    assert found.cells["period"].to_list() == [2002, 2003, 2004]
    last = found.cells.iloc[-1]
    assert last["effect"] == pytest.approx(change[:5].mean() - change[5:].mean())
    # Of two groups' means, with their squares over their numbers.
    assert last["se"] == pytest.approx(
        np.sqrt(change[:5].var(ddof=0) / 5 + change[5:].var(ddof=0) / 5)
    )


def test_who_enters_in_the_last_period_counts_and_who_entered_in_the_first_does_not():
    first = pd.Series(np.repeat([2001.0, 2004.0, 2009.0, 0.0], 6))
    outcome = pd.DataFrame(np.random.default_rng(3).normal(size=(24, 4)), columns=range(2001, 2005))

    found = group_time_effects(Panel(outcome, first, outcome[[]]))

    # Who enters after the window is not yet in.
    change = outcome[2004] - outcome[2003]
    assert found.cells["group"].unique().tolist() == [2004]
    assert found.cells["effect"].iloc[-1] == pytest.approx(change[6:12].mean() - change[12:].mean())


def test_an_anticipation_below_nought_is_refused_with_its_length():
    outcome = pd.DataFrame(np.ones((10, 4)))

    with pytest.raises(AnalysisError, match="is -1 periods"):
        group_time_effects(
            Panel(outcome, pd.Series([2.0] * 5 + [0.0] * 5), outcome[[]]), anticipation=-1
        )


@pytest.mark.parametrize(("months", "years"), [(0, 0), (12, 1), (13, 2), (24, 2)])
def test_months_of_anticipation_are_begun_years(monkeypatch, months, years):
    counts, entered = town(places=40)
    protocol = plan("group_time")
    design = protocol.design.model_copy(update={"anticipation_months": months})
    protocol = protocol.model_copy(update={"design": design})
    asked = {}

    def spy(panel, **how):
        asked.update(how)
        return group_time_effects(panel, **{**how, "anticipation": 0})

    monkeypatch.setattr(waves_module, "group_time_effects", spy)
    plain = plan("group_time")
    who = Enrolment(entered, entered.notna(), BESIDE)
    waves_effect(design_cells(counts, who, plain), BESIDE, protocol)

    assert asked["anticipation"] == years
