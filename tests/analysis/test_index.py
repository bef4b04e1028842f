import numpy as np
import pandas as pd
import pytest

from labtools.analysis.index import _order_by_correlation, pena_distance, rank_intervals
from labtools.errors import AnalysisError

WIDTHS = {"IME": 2, "IMM": 5, "IMU": 13}


@pytest.mark.parametrize("edition", ["IME", "IMM", "IMU"])
def test_the_index_is_conapos_official_one_for_every_unit(oracle, reference, edition):
    official, told = oracle(f"conapo_{edition}_2020.csv.gz"), reference("pena_distance_conapo.json")
    expected, near = told[edition], told["tolerance"]
    names = list(expected["reference"])

    index = pena_distance(official[names], pd.Series(expected["reference"]))

    found = index.frame().set_axis(official.index)
    known = found["distance"].notna()
    assert known.sum() == expected["n"]
    assert np.abs(found["distance"] - official["IM_2020"])[known].max() < 1e-10
    assert np.abs(found["normalised"] - official["IMN_2020"])[known].max() < 1e-10
    assert list(index.order) == expected["order"]
    assert index.rounds == expected["iterations"]
    assert index.factors.to_dict() == pytest.approx(
        expected["correction_factors"], **near["factors"]
    )
    assert index.greatest == pytest.approx(expected["IMN_denominator"], rel=1e-12)
    breaks = found["distance"].groupby(official["GM_2020"]).agg(["min", "max"])
    assert breaks.T.to_dict("list") == {
        grade: pytest.approx(ends, **near["distance"])
        for grade, ends in expected["grade_breaks"].items()
    }


@pytest.mark.parametrize("edition", ["IME", "IMM", "IMU"])
def test_queretaros_index_is_the_official_one(oracle, reference, edition):
    official, told = oracle(f"conapo_{edition}_2020.csv.gz"), reference("pena_distance_conapo.json")
    expected, near = told[edition]["queretaro"], told["tolerance"]["distance"]
    key = official[official.columns[official.columns.str.startswith("CVE")][-1]].astype(str)
    here = key.str.zfill(WIDTHS[edition]).str.startswith("22014" if edition != "IME" else "22")
    at = pd.Series(told[edition]["reference"])

    found = pena_distance(official[list(at.index)], at).frame()[here.to_numpy()]

    assert len(found) == expected["n"]
    assert found["distance"].mean() == pytest.approx(expected["mean_IM"], **near)
    assert found["normalised"].mean() == pytest.approx(expected["mean_IMN"], **near)
    assert official.loc[here, "GM_2020"].value_counts().to_dict() == expected["grades"]


def test_the_distance_is_that_of_the_r_package(oracle, reference):
    welfare = oracle("welfare_dp2.csv").set_index("unit")
    told = reference("pena_distance_welfare.json")

    index = pena_distance(welfare, welfare.min())

    near = {"rel": told["relative_tolerance"]}
    assert index.distance.to_list() == pytest.approx(told["dp2"], **near)
    assert list(index.order) == told["order"]
    assert index.factors.to_dict() == pytest.approx(told["factors"], **near)


def test_unrelated_indicators_all_count_fully():
    x = pd.DataFrame({"a": [0.0, 0, 1, 1], "b": [0.0, 1, 0, 1]})

    index = pena_distance(x, pd.Series({"a": 0.0, "b": 0.0}))

    # Deviation 1/2 and no correlation: each one adds 2.
    assert index.distance.to_list() == pytest.approx([0.0, 2, 2, 4])


def test_a_unit_with_a_gap_has_no_distance_and_spoils_no_other():
    rng = np.random.default_rng(1)
    x = pd.DataFrame(rng.random((30, 3)), columns=list("abc"))
    gap = pd.concat([x, pd.DataFrame({"a": [np.nan], "b": [1.0], "c": [1.0]}, index=[99])])

    index = pena_distance(gap, x.max())

    assert np.isnan(index.distance[99])
    pd.testing.assert_series_equal(
        index.distance.drop(99), pena_distance(x, x.max()).distance, check_index_type=False
    )


def test_an_indicator_that_does_not_vary_is_refused_by_name():
    x = pd.DataFrame({"a": np.arange(9.0), "still": np.ones(9)})

    with pytest.raises(AnalysisError, match="still"):
        pena_distance(x, x.max())


def test_an_indicator_without_reference_is_refused_by_name():
    x = pd.DataFrame({"a": np.arange(9.0), "b": np.arange(9.0) ** 2})

    with pytest.raises(AnalysisError, match="first is b"):
        pena_distance(x, pd.Series({"a": 1.0}))


def test_too_few_units_are_refused():
    x = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 5.0]})

    with pytest.raises(AnalysisError, match="at least 4"):
        pena_distance(x, x.max())


def test_the_place_interval_holds_every_choice_tried():
    rng = np.random.default_rng(2)
    x = pd.DataFrame(rng.random((20, 3)), columns=list("abc"))

    places = rank_intervals(x, [x.max(), x.max() * 2])

    own = pena_distance(x, x.max()).distance.rank(ascending=False, method="min")
    assert own.between(places["best"], places["worst"]).all()
    # Four sets of indicators: two references, discounted or not, and two other formulas.
    assert set(places["tried"]) == {4 * (2 * 2 + 2)}
    assert (places["worst"] > places["best"]).any()


def test_indicators_enter_in_the_order_of_their_correlation_wherever_their_means_lie():
    rng = np.random.default_rng(8)
    index = rng.normal(size=60)
    noise = rng.normal(size=(60, 3))
    parts = np.column_stack(
        [index + 3 * noise[:, 0], -index + noise[:, 1], index + 9 * noise[:, 2]]
    )
    parts += np.array([50.0, -400.0, 7.0])

    order = _order_by_correlation(parts, index)

    r = np.abs([np.corrcoef(column, index)[0, 1] for column in parts.T])
    assert order == list(np.argsort(-r))


def test_of_several_wrong_indicators_the_first_is_named_and_all_are_counted():
    rng = np.random.default_rng(5)
    x = pd.DataFrame(rng.random((9, 4)), columns=list("abcd"))
    still = x.assign(b=1.0, d=2.0)

    with pytest.raises(AnalysisError, match="and 2 have none; the first is b"):
        pena_distance(x, pd.Series({"a": 1.0, "c": 1.0, "d": np.nan}))
    with pytest.raises(AnalysisError, match="and 2 do not; the first is b"):
        pena_distance(still, still.max())


@pytest.mark.parametrize(("units", "enough"), [(5, True), (4, False)])
def test_two_units_more_than_indicators_are_enough(units, enough):
    x = pd.DataFrame(np.random.default_rng(6).random((units, 3)), columns=list("abc"))
    holed = pd.concat([x, pd.DataFrame({"a": [1.0], "b": [np.nan], "c": [2.0]}, index=[9])])

    if not enough:
        with pytest.raises(AnalysisError, match=r"of 3 indicators needs at least 5 .* there are 4"):
            pena_distance(holed, x.max())
        return
    assert pena_distance(holed, x.max()) is not None
