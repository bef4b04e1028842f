import numpy as np
import pandas as pd
import pytest

from labtools.analysis.index import pena_distance, rank_intervals
from labtools.errors import AnalysisError

INDICATORS = ["ANALF", "SBASC", "OVSDE", "OVSEE", "OVSAE", "OVPT", "VHAC", "PL.5000", "PO2SM"]
# Column maxima over CONAPO's editions of 2010, 2015 and 2020.
EDITIONS = {
    "IME": [
        *(17.9063062676492, 60.1276776392954, 19.8442777580699, 4.93236362397464),
        *(29.7931507393921, 19.6138807443748, 53.8984835976862, 61.5084790431887),
        85.5702744072091,
    ],
    "IMM": [
        *(66.7370644139387, 94.7904637270239, 89.9037947621593, 69.451507446422),
        *(99.7371879106438, 79.7067901234568, 83.2441238073074, 100, 100),
    ],
}
URBAN = ["P6A14NAE", "SBASC", "PSDSS", "OVSDE", "OVSEE", "OVSAE"]
URBAN += ["OVPT", "OVHAC", "OVSREF", "OVSINT", "OVSCEL"]


@pytest.mark.parametrize(
    ("edition", "greatest", "first"),
    [("IME", 27.1819406618993, "ANALF"), ("IMM", 63.8626359680366, "ANALF")],
)
def test_the_index_is_conapos_official_one_for_every_unit(oracle, edition, greatest, first):
    official = oracle(f"conapo_{edition}_2020.csv.gz")
    reference = pd.Series(EDITIONS[edition], index=INDICATORS)

    index = pena_distance(official[INDICATORS], reference)

    known = index.distance.notna()
    assert np.abs(index.distance - official["IM_2020"])[known].max() < 1e-10
    assert np.abs(index.frame()["normalised"] - official["IMN_2020"])[known].max() < 1e-10
    assert index.greatest == pytest.approx(greatest, rel=1e-12)
    assert index.order[0] == first
    assert known.mean() > 0.99


def test_the_index_of_all_agebs_is_conapos_official_one(oracle):
    official = oracle("conapo_IMU_2020.csv.gz")
    reference = pd.Series(100.0, index=URBAN)
    reference["OVHAC"] = 98.3739837398374

    index = pena_distance(official[URBAN], reference)

    assert np.abs(index.distance - official["IM_2020"]).max() < 1e-10
    assert index.factors["PSDSS"] == pytest.approx(0.862901986968726, rel=1e-10)
    assert index.greatest == pytest.approx(128.014336864431, rel=1e-12)


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
    assert set(places["tried"]) == {16}
    assert (places["worst"] > places["best"]).any()
