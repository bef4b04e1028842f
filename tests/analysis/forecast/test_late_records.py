import numpy as np
import pandas as pd
import pytest

from labtools.analysis.forecast.late_records import (
    learn_completeness,
    recorded_by_quarter,
    share_recorded,
)

MONTHS = pd.date_range("2024-01-01", periods=18, freq="MS")


def looks(share, *ends):
    """Return what was known at each look: the last month lacks part of its records."""
    final = pd.Series(400.0, index=MONTHS)
    told = []
    for end in ends:
        seen = final.iloc[:end].copy()
        seen.iloc[-1] *= share
        told.append(seen)
    return final, told


def test_the_share_of_a_young_month_is_learnt_from_earlier_looks():
    final, earlier = looks(0.7, 9, 12, 15)

    found = learn_completeness(final, earlier, age=0)

    assert found.share == pytest.approx(0.7, abs=0.02)
    assert found.runs == 3


def test_an_older_month_was_complete():
    final, earlier = looks(0.7, 9, 12, 15)

    assert learn_completeness(final, earlier, age=1).share == pytest.approx(1.0)


def test_without_earlier_looks_the_share_is_not_known():
    final, _ = looks(0.7)

    assert np.isnan(learn_completeness(final, [], age=0).share)
    assert np.isnan(share_recorded(final, [], age=0, months=12))


def test_little_evidence_tells_nothing():
    final, earlier = looks(0.5, 9)

    assert np.isnan(learn_completeness(final / 10, [earlier[0] / 10], age=0).share)


def test_a_look_at_months_that_are_still_young_teaches_nothing():
    final, earlier = looks(0.5, 18)

    assert learn_completeness(final, earlier, age=0).runs == 0


def test_missing_months_are_not_zeros():
    final, earlier = looks(0.8, 12)
    earlier[0].loc[MONTHS[11]] = np.nan

    assert learn_completeness(final, earlier, age=0).share == pytest.approx(1.0)


def test_a_quarter_lacks_a_third_of_what_its_last_month_lacks():
    final, earlier = looks(0.7, 9, 12, 15)
    now = final.copy()
    now.iloc[-1] *= 0.7

    shares = {months: share_recorded(now, earlier, age=0, months=months) for months in (1, 3, 12)}

    # 400 events each month: of 1,200 and 4,800 there are 120 fewer.
    assert shares == pytest.approx({1: 0.7, 3: 1080 / 1200, 12: 4680 / 4800}, abs=0.02)


def test_quarters_are_as_complete_as_year_and_last_quarter_together_say():
    starts = pd.date_range("2024-01-01", periods=5, freq="QS")
    there = pd.Series([100.0, 97.0, 97.0, 97.0, 60.0], starts)
    by_span = {1: 0.4, 3: 60 / 100, 12: (3 * 97 + 60) / 400}

    found = recorded_by_quarter(there, by_span)

    assert found.to_dict() == pytest.approx(
        {starts[1]: 0.97, starts[2]: 0.97, starts[3]: 0.97, starts[4]: 0.6}
    )


def test_of_quarters_that_no_earlier_run_tells_of_nothing_is_said():
    starts = pd.date_range("2024-01-01", periods=5, freq="QS")
    there = pd.Series(100.0, starts)

    assert recorded_by_quarter(there, {}).empty
    assert recorded_by_quarter(there, {3: 0.8}).to_dict() == {starts[4]: 0.8}
    assert recorded_by_quarter(there, {12: 0.9}).empty
    assert recorded_by_quarter(there.iloc[:0], {3: 0.8, 12: 0.9}).empty
