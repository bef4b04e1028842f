import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from labtools.analysis.perception.area_estimates import (
    AreaEstimates,
    benchmark,
    smoothed_variances,
)
from labtools.errors import AnalysisError


def estimates(value, mse):
    value, mse = pd.Series(value), pd.Series(mse)
    nothing = pd.Series(dtype=float)
    return AreaEstimates(value, mse, nothing, nothing, 0.1, 0.0, 0.0, value.notna())


def test_limits_are_normal_and_an_interval_as_wide_as_allowed_still_says_something():
    found = estimates([1.0, 2.0, 3.0], [0.04, 0.25, np.nan])
    reach = stats.norm.ppf(0.95) * np.array([0.2, 0.5])

    frame = found.frame(level=0.9, widest=2 * reach[0])

    assert frame["lower"][:2].to_numpy() == pytest.approx([1 - reach[0], 2 - reach[1]])
    assert frame["upper"][:2].to_numpy() == pytest.approx([1 + reach[0], 2 + reach[1]])
    assert frame["verdict"].tolist() == ["enough", "insufficient", "insufficient"]
    assert estimates([1.0], [0.04]).frame()["lower"][0] == pytest.approx(1 - 1.959964 * 0.2)


def test_limits_of_a_share_are_made_of_log_odds_and_one_beyond_the_bounds_says_nothing():
    frame = estimates([0.2, 0.0, 1.0, 1.1, -0.1], [0.01] * 5).frame(share=True)

    error = 0.1 / (0.2 * 0.8)  # of the log-odds, by the delta method
    ends = special.expit(special.logit(0.2) + 1.959964 * error * np.array([-1, 1]))
    assert frame.loc[0, ["lower", "upper"]].to_numpy(float) == pytest.approx(ends)
    assert frame["verdict"].tolist() == ["enough", *["insufficient"] * 4]
    assert frame["lower"][1:].isna().all()


def test_a_share_near_nought_is_judged_by_its_own_width():
    near = estimates([0.1], [0.01])
    width = np.diff(special.expit(special.logit(0.1) + 1.959964 / 0.9 * np.array([-1, 1])))[0]
    plain = 2 * 1.959964 * 0.1

    assert plain < width
    assert near.frame(share=True, widest=width + 1e-6)["verdict"].tolist() == ["enough"]
    assert near.frame(share=True, widest=width - 1e-6)["verdict"].tolist() == ["insufficient"]


def test_a_smoothed_variance_is_that_of_a_share_with_four_more_who_answer_as_the_city():
    direct = pd.Series([1.0, 0.25, np.nan, 0.5])
    asked = pd.Series([4.0, 8.0, 5.0, 0.0])

    found = smoothed_variances(direct, asked, effect=1.5)

    city = (4 + 2) / 12
    shares = np.array([(4 + 4 * city) / 8, (2 + 4 * city) / 12])
    assert found[:2].to_numpy() == pytest.approx(1.5 * shares * (1 - shares) / [4, 8])
    assert found[2:].isna().all()
    plain = smoothed_variances(direct, asked)
    assert found[:2].to_numpy() == pytest.approx(1.5 * plain[:2].to_numpy())


@pytest.mark.parametrize("all_alike", [0.0, 1.0])
def test_where_all_answer_alike_there_is_no_variance_to_smooth(all_alike):
    with pytest.raises(AnalysisError, match="no variance to smooth"):
        smoothed_variances(pd.Series([all_alike] * 2), pd.Series([5, 5]))


def test_estimates_agree_with_the_city_by_one_ratio_or_where_they_are_least_certain():
    value, people = pd.Series([0.2, 0.4, 0.6]), pd.Series([10.0, 30.0, 60.0])
    mse = pd.Series([0.04, 0.01, 0.01])

    ratio = benchmark(value, people, 0.6)
    least = benchmark(value, people, 0.6, mse=mse)

    assert ratio.to_numpy() == pytest.approx(value * 0.6 / 0.5)
    # Lagrange: each moves by its error times its share; the move costs least under the sum.
    pull = np.array([0.004, 0.003, 0.006])
    assert (least - value).to_numpy() == pytest.approx(pull * 0.1 / (pull @ [0.1, 0.3, 0.6]))
    assert (people * least).sum() / 100 == pytest.approx(0.6)


def test_areas_without_estimate_or_people_are_counted():
    with pytest.raises(AnalysisError, match="2 areas lack"):
        benchmark(pd.Series([0.2, np.nan, 0.5]), pd.Series([1.0, 2.0]), 0.4)
    with pytest.raises(AnalysisError, match="0 areas lack"):
        benchmark(pd.Series([0.0, 0.0]), pd.Series([1.0, 2.0]), 0.4)
    moved = benchmark(pd.Series([0.0, 0.0]), pd.Series([1.0, 1.0]), 0.4, mse=pd.Series([1.0, 1.0]))
    assert moved.tolist() == pytest.approx([0.4, 0.4])
