import tomllib

import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.learning import (
    LocalEstimate,
    catalogue_block,
    here,
    local_estimate,
    with_published,
)
from labtools.evaluation.meta_analysis import combine_effects
from labtools.evaluation.recording import recording_findings
from labtools.findings import Severity
from labtools.targeting.catalogue import Effect
from tests.publish.evaluation_example import ID, evaluation, evaluation_facts

OWN = LocalEstimate(ID, "2025-12-abc", float(np.log(0.8)), 0.08, 40)


def test_a_result_at_a_month_of_decision_is_an_estimate_with_its_error():
    got = local_estimate(ID, evaluation(), evaluation_facts(), run="2025-12-abc")

    assert got.log_ratio == pytest.approx(np.log(0.82))
    # The interval of 97.5 % told, read back with 39 degrees of freedom.
    assert got.se == pytest.approx(np.log(0.92 / 0.73) / (2 * 2.3314), rel=1e-3)
    assert got.places == 40


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


def test_the_block_is_a_valid_entry_of_the_catalogue():
    told = tomllib.loads(catalogue_block(OWN, verified_on="2026-01-15", by="Ana"))

    effect = Effect.model_validate(told["intervention"]["effect"][0])

    assert effect.is_quotable
    assert effect.value == -20.0
    assert effect.direction == "down"
    assert effect.interval is not None
    assert effect.interval[0] < -20 < effect.interval[1] < 0


def test_two_equal_estimates_agree_and_one_without_interval_is_counted():
    limits = [100 * np.expm1(np.log(0.8) + step) for step in (0, -0.1568, 0.1568)]
    published = pd.DataFrame(
        [[*limits, 0.95], [-30.0, None, None, None]], columns=["value", "lower", "upper", "level"]
    )

    combined, left = with_published(OWN, published)

    assert left == 1
    assert combined is not None
    assert combined.effect == pytest.approx(np.log(0.8))
    assert combined.se == pytest.approx(0.08 / np.sqrt(2), rel=1e-3)
    assert combined.tau2 == 0


def test_an_estimate_alone_is_not_combined():
    nothing = pd.DataFrame(columns=["value", "lower", "upper", "level"])

    assert with_published(OWN, nothing) == (None, 0)


@pytest.mark.parametrize(
    ("after", "severity"),
    [(101, None), (104, Severity.CAUTION), (115, Severity.BLOCKER), (88, Severity.BLOCKER)],
)
def test_revisions_that_differ_before_and_after_are_told(after, severity):
    months = pd.date_range("2023-01-01", periods=24, freq="MS")
    table = pd.DataFrame({"month": months, "first": 100, "last": [100] * 12 + [after] * 12})

    found = recording_findings(table, start=pd.Timestamp("2024-01-01"), smallest=10)

    assert [f.severity for f in found] == ([severity] if severity else [])


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


def test_where_nothing_is_published_what_was_found_here_stands_alone():
    got = here(OWN, pd.Series(dtype=float), pd.Series(dtype=float))

    assert (got.log_ratio, got.se, got.studies) == (OWN.log_ratio, OWN.se, 1)
