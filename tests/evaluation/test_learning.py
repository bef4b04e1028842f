import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.errors import AnalysisError
from labtools.evaluation.learning import LocalEstimate, here, local_estimate
from labtools.evaluation.meta_analysis import combine_effects
from labtools.evaluation.recording import recording_findings
from labtools.findings import Severity
from tests.publish.evaluation_example import ID, evaluation, evaluation_facts

OWN = LocalEstimate(ID, "2025-12-abc", float(np.log(0.8)), 0.08, 40, 39)


def test_a_result_at_a_month_of_decision_is_an_estimate_with_its_error():
    got = local_estimate(ID, evaluation(), evaluation_facts(), run="2025-12-abc")

    assert got.log_ratio == pytest.approx(np.log(0.82))
    # The interval of 97.5 % told, read back with 39 degrees of freedom.
    assert got.se == pytest.approx(np.log(0.92 / 0.73) / (2 * 2.3314), rel=1e-3)
    assert (got.places, got.freedom) == (40, 39)


@pytest.mark.parametrize("fact", ["deviation-sealed_late", "deviation-sealed_again", "refused"])
def test_a_plan_sealed_late_or_changed_teaches_nothing(fact):
    facts = evaluation_facts()
    facts.loc[len(facts)] = [ID, fact, None, "{}"]

    with pytest.raises(AnalysisError, match="teaches nothing"):
        local_estimate(ID, evaluation(), facts, run="r")


def test_what_was_read_ahead_teaches_nothing():
    results = evaluation()
    results.loc[0, "verdict"] = "read_ahead"

    with pytest.raises(AnalysisError, match="month of decision"):
        local_estimate(ID, results, evaluation_facts(), run="r")


@pytest.mark.parametrize(
    ("after", "severity"),
    [(101, None), (104, Severity.CAUTION), (115, Severity.BLOCKER), (88, Severity.BLOCKER)],
)
def test_revisions_that_differ_before_and_after_are_told(after, severity):
    months = pd.date_range("2023-01-01", periods=24, freq="MS")
    table = pd.DataFrame({"month": months, "first": 100, "last": [100] * 12 + [after] * 12})

    found = recording_findings(table, start=pd.Timestamp("2024-01-01"), smallest=10)

    assert [f.severity for f in found] == ([severity] if severity else [])


@pytest.mark.parametrize(("before", "after"), [(0, 10), (-1, 11)])
def test_one_event_on_either_side_is_enough_and_changes_are_told_in_per_cent(before, after):
    months = pd.to_datetime(["2023-12-01", "2024-01-01"])
    last = [1 + before / 100, 1 + after / 100]
    table = pd.DataFrame({"month": months, "first": [1, 1], "last": last})

    (found,) = recording_findings(table, start=pd.Timestamp("2024-01-01"), smallest=10)

    assert found.severity == Severity.BLOCKER
    assert dict(found.facts) == {"before": before, "after": after}


def test_revisions_without_events_are_refused():
    table = pd.DataFrame({"month": pd.to_datetime(["2023-01-01"]), "first": [5], "last": [5]})

    with pytest.raises(AnalysisError, match="no events"):
        recording_findings(table, start=pd.Timestamp("2024-01-01"), smallest=10)


def test_what_had_no_comparison_teaches_nothing():
    results = evaluation()
    results.loc[0, "verdict"] = "not_comparable"

    with pytest.raises(AnalysisError, match="none to compare with"):
        local_estimate(ID, results, evaluation_facts(), run="r")


def test_here_lies_between_the_own_estimate_and_the_published_mean():
    # Closed form (Higgins et al. 2009): with variance between places tau2, what is known here
    # is the mean of both, each by the precision of the other.
    logs, errors = pd.Series([-0.1, -0.5, 0.1, -0.3]), pd.Series([0.02, 0.02, 0.02, 0.02])

    got = here(OWN, logs, errors)

    mean = combine_effects(pd.Series([*logs, OWN.log_ratio]), pd.Series([*errors, OWN.se]))
    weight = mean.tau2 / (mean.tau2 + OWN.se**2)
    assert got.log_ratio == pytest.approx(weight * OWN.log_ratio + (1 - weight) * mean.effect)
    assert got.se < OWN.se
    assert got.studies == 5


@pytest.mark.parametrize("published", [0, 1, 3])
def test_with_fewer_than_five_estimates_what_was_found_here_stands_alone(published):
    # Published effects near nil and precise: with a variance between places of 0 they would drown
    # a fall of a fifth.
    got = here(OWN, pd.Series([-0.01] * published), pd.Series([0.01] * published))

    assert (got.log_ratio, got.se, got.studies) == (OWN.log_ratio, OWN.se, 1)
    # Its limits are those of Student's t with 39 degrees of freedom: 2.0227.
    reach = 2.0227 * 0.08
    limits = [100 * np.expm1(np.log(0.8) + step) for step in (0, -reach, reach)]
    assert got.change(0.95) == pytest.approx(limits, rel=1e-4)


def test_the_error_here_is_that_of_both_estimates_by_their_weights():
    logs, errors = pd.Series([-0.1, -0.5, 0.1, -0.3]), pd.Series([0.02, 0.02, 0.02, 0.02])

    got = here(OWN, logs, errors)

    mean = combine_effects(pd.Series([*logs, OWN.log_ratio]), pd.Series([*errors, OWN.se]))
    weight = mean.tau2 / (mean.tau2 + 0.08**2)
    assert got.se == pytest.approx(np.hypot(np.sqrt(weight) * 0.08, (1 - weight) * mean.se))
    # Several estimates have no degrees of freedom: limits are those of the normal law.
    told = [100 * np.expm1(got.log_ratio + step * got.se) for step in (0, -1.959964, 1.959964)]
    assert got.change(0.95) == pytest.approx(told, rel=1e-5)


def test_what_spoils_a_lesson_is_named_and_a_lesson_without_a_result_has_none():
    facts = evaluation_facts()
    facts.loc[len(facts)] = [ID, "refused", None, "{}"]

    with pytest.raises(AnalysisError, match=r"refused \(refused\)"):
        local_estimate(ID, evaluation(), facts, run="r")
    with pytest.raises(AnalysisError, match=r"refused \(—\)"):
        local_estimate(ID, evaluation().iloc[1:], evaluation_facts(), run="r")


def test_the_smaller_side_gives_the_freedom_and_a_series_has_only_its_own():
    results = evaluation()
    results.loc[0, ["places", "compared"]] = [40, 12]

    fewer = local_estimate(ID, results, evaluation_facts(), run="r")
    results.loc[0, "compared"] = np.nan
    alone = local_estimate(ID, results, evaluation_facts(), run="r")

    assert (fewer.places, fewer.freedom) == (40, 11)
    assert fewer.se == pytest.approx(np.log(0.92 / 0.73) / (2 * stats.t.ppf(0.9875, 11)))
    assert (alone.places, alone.freedom) == (40, 39)
