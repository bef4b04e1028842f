import numpy as np
import pandas as pd
import pytest

from labtools.analysis.aoristic import aoristic_weights, hours_of_day, hours_without_heap
from labtools.errors import AnalysisError


def limits(*pairs):
    table = pd.DataFrame(pairs, columns=["start", "end"]).apply(pd.to_datetime)
    return table["start"], table["end"]


def test_a_theft_of_the_night_is_shared_by_its_hours():
    weights = aoristic_weights(*limits(("2025-03-01 22:30", "2025-03-02 02:30")))

    assert weights.loc[0, [22, 23, 0, 1, 2]].tolist() == pytest.approx(
        [0.125, 0.25, 0.25, 0.25, 0.125]
    )
    assert weights.loc[0].sum() == pytest.approx(1)


def test_a_known_moment_has_one_hour_and_a_day_tells_nothing():
    weights = aoristic_weights(
        *limits(("2025-03-01 08:59", "2025-03-01 08:59"), ("2025-03-01 00:00", "2025-03-02 00:00"))
    )

    assert weights.loc[0, 8] == 1
    assert weights.loc[1].isna().all()


def test_an_event_that_ends_before_it_starts_is_refused():
    with pytest.raises(AnalysisError, match="1 do"):
        aoristic_weights(*limits(("2025-03-02", "2025-03-01")))


def test_aoristic_hours_find_the_true_hours_again():
    rng = np.random.default_rng(1)
    true = rng.choice([2, 3, 14], 4_000, p=[0.4, 0.4, 0.2])
    moment = pd.Timestamp("2025-01-01") + pd.to_timedelta(
        true * 60 + rng.integers(0, 60, 4_000), "m"
    )
    start = pd.Series(moment - pd.to_timedelta(rng.integers(0, 60, 4_000), "m"))
    end = pd.Series(moment + pd.to_timedelta(rng.integers(1, 60, 4_000), "m"))

    found = hours_of_day(aoristic_weights(start, end), rng=rng)

    assert found.table["share"][[1, 2, 3, 4]].sum() == pytest.approx(0.8, abs=0.03)
    assert found.unknown == 0


def test_what_noon_has_too_much_is_unknown_and_the_total_stays():
    hours = pd.Series([12] * 100 + [11] * 20 + [13] * 20 + [None] * 10, dtype="Int64")

    found = hours_without_heap(hours, rng=np.random.default_rng(1))

    assert found.unknown == 90
    assert found.table["events"].sum() == pytest.approx(150)
    assert found.table["share"][[11, 12, 13]].tolist() == pytest.approx([1 / 3] * 3)
    assert (found.table["lower"] <= found.table["share"]).all()


def test_hours_that_nobody_wrote_are_refused():
    with pytest.raises(AnalysisError, match="None of the 3"):
        hours_without_heap(pd.Series([None] * 3, dtype="Int64"), rng=np.random.default_rng(1))
