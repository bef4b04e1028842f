"""Expected numbers: ptools 2.0.0 and Wheeler & Ratcliffe (2018)."""

import numpy as np
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.displacement import (
    estimate_dispersion,
    harm_dispersion,
    harm_weighted_difference,
    poisson_e_test,
    weighted_displacement_difference,
    weighted_displacement_quotient,
)

TREATED, CONTROL, RING = (207, 110), (308, 318), ((178, 157), (150, 140))


def test_the_papers_difference_is_that_of_ptools():
    got = weighted_displacement_difference(TREATED, CONTROL, ring=RING, dispersion=1)

    assert (got.local, got.ring, got.total) == (-107, -11, -118)
    assert got.total_se == pytest.approx(39.5979797464467)
    assert (got.lower, got.upper) == pytest.approx((-195.610614163582, -40.3893858364181))
    assert got.z == pytest.approx(-2.97995000642902)


def test_area_weights_divide_counts_as_in_ptools():
    weights = (np.ones(2), np.array([0.9, 1.2, 1.6, 1.5]))

    got = weighted_displacement_difference(
        TREATED, CONTROL, ring=RING, dispersion=1, weights=weights
    )

    assert got.total == pytest.approx(-99.6944444444444)
    assert got.total_se == pytest.approx(35.4280755044727)
    assert got.ring_se == pytest.approx(16.1916688111167)


def test_time_weights_divide_the_periods_as_in_ptools():
    weights = (np.array([2.0, 1.0]), np.ones(4))

    got = weighted_displacement_difference((80, 20), (100, 50), dispersion=1, weights=weights)

    assert got.local == -20
    assert got.total_se == pytest.approx(10.7238052947636)


def test_the_quotient_is_that_of_ptools():
    assert weighted_displacement_quotient(TREATED, RING[0], CONTROL) == pytest.approx(
        0.258185688349089
    )


def test_dispersion_widens_the_interval_by_its_root():
    narrow = weighted_displacement_difference(TREATED, CONTROL, dispersion=1)
    wide = weighted_displacement_difference(TREATED, CONTROL, dispersion=4)

    assert wide.total_se == pytest.approx(2 * narrow.total_se)


def test_a_few_events_are_refused():
    with pytest.raises(AnalysisError, match=r"12 events|12"):
        weighted_displacement_difference((8, 4), (308, 318), dispersion=1)


@pytest.mark.parametrize("ratio", [1.5, 3, 5])
def test_with_estimated_dispersion_the_test_keeps_its_size(ratio):
    rng = np.random.default_rng(7)
    rejections = 0
    for _ in range(1_000):
        counts = rng.negative_binomial(40 / (ratio - 1), 1 / ratio, size=(40, 6))
        pairs = counts[:, 4:].reshape(2, 20, 2).sum(axis=1)
        found = estimate_dispersion(counts[:, :4])
        got = weighted_displacement_difference(tuple(pairs[0]), tuple(pairs[1]), dispersion=found)
        rejections += got.p < 0.05

    assert 30 <= rejections <= 70


@pytest.mark.parametrize("means", [(500, 500), (900, 100)])
def test_the_dispersion_is_the_true_one_whether_places_are_alike_or_not(means):
    rng = np.random.default_rng(3)
    ratio, mean = 3, np.tile(means, 5)[:, None]
    shape = (2_000, 10, 12)
    counts = rng.negative_binomial(mean / (ratio - 1), 1 / ratio, size=shape)

    found = np.array([estimate_dispersion(table) for table in counts])

    assert found.mean() == pytest.approx(ratio, abs=4 * found.std() / np.sqrt(len(found)))


HARM_COUNTS = [
    [133, 91, 130, 74],
    [388, 305, 327, 202],
    [148, 97, 398, 190],
    [86, 64, 144, 92],
    [94, 67, 183, 96],
]


def test_the_difference_weighted_by_harm_is_that_of_ptools():
    got = harm_weighted_difference(np.array(HARM_COUNTS), np.array([3, 2, 5, 7, 10]), dispersion=1)

    assert got.total == -1721
    assert got.total_se == pytest.approx(304.10360077)
    assert (got.lower, got.upper) == pytest.approx((-2317.03210507, -1124.96789493))
    assert got.z == pytest.approx(-1721 / 304.10360077)
    assert got.p == pytest.approx(1.5e-8, rel=0.1)  # 5.66 standard errors, either side


def test_of_kinds_weighted_by_harm_all_events_count_for_being_enough():
    rows = [[20, 20, 5, 5], [20, 20, 1, 0], [20, 20, 5, 4]]

    assert harm_weighted_difference(np.array(rows), np.ones(3), dispersion=1).total_se > 0
    rows[0][2] = 4
    with pytest.raises(AnalysisError, match="19"):
        harm_weighted_difference(np.array(rows), np.ones(3), dispersion=1)


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [
        ((20, 1), (10, 1), 0.0688317821081095),
        ((3, 1), (0, 1), 0.0883790094548352),
        ((10, 1), (20, 2.5), 0.570511195511497),
        ((35, 1), (50, 1), 0.105576204027909),
    ],
)
def test_two_rates_are_compared_as_in_ptools(first, second, p):
    assert poisson_e_test(first, second, dispersion=1) == pytest.approx(p, rel=1e-6)


@pytest.mark.parametrize(
    ("first", "second"), [((2, 0), (3, 1)), ((-1, 1), (3, 1)), ((0, 1), (0, 1)), ((2, 1), (3, -1))]
)
def test_rates_without_exposure_or_events_are_not_compared(first, second):
    with pytest.raises(AnalysisError, match="positive exposures"):
        poisson_e_test(first, second, dispersion=1)


@pytest.mark.parametrize(
    ("treated", "ring", "control"),
    [((0, 5), (3, 3), (9, 9)), ((5, 4), (3, 3), (9, 0)), ((4, 2), (3, 3), (8, 4))],
)
def test_a_quotient_by_nothing_has_no_value(treated, ring, control):
    with pytest.raises(AnalysisError, match="displacement difference"):
        weighted_displacement_quotient(treated, ring, control)


@pytest.mark.parametrize(
    ("counts", "dispersion", "told"),
    [
        (((10, 10), (12, 12)), 1.0, None),
        (((10, 9), (12, 12)), 1.0, "19 events"),
        (((12, 12), (10, 9)), 1.0, "19 events"),
        (((20, 20), (21, 20)), 2.0, None),
        (((20, 19), (21, 20)), 2.0, "at least 40"),
        (((-1, 30), (21, 20)), 1.0, "negative"),
        (((20, 20), (21, 20)), 0.9, "at least 1"),
        (((20, 20), (21, 20)), np.inf, "at least 1"),
    ],
)
def test_twenty_events_of_each_times_their_dispersion_are_enough(counts, dispersion, told):
    if told is None:
        assert weighted_displacement_difference(*counts, dispersion=dispersion).total_se > 0
        return
    with pytest.raises(AnalysisError, match=told):
        weighted_displacement_difference(*counts, dispersion=dispersion)


def test_the_ring_is_told_apart_and_added_to_the_total_with_its_own_error():
    got = weighted_displacement_difference(
        (60, 40), (50, 45), dispersion=2.0, ring=((30, 36), (20, 19)), level=0.9
    )

    # In place -20 + 5, in the ring 6 + 1; variances are twice the sums of counts.
    assert (got.local, got.ring, got.total) == (-15, 7, -8)
    se = np.sqrt(2 * np.array([195, 105, 300]))
    assert (got.local_se, got.ring_se, got.total_se) == pytest.approx(tuple(se))
    assert got.upper == pytest.approx(-8 + 1.644854 * se[2], abs=1e-4)
    assert got.lower == pytest.approx(-8 - 1.644854 * se[2], abs=1e-4)
    assert got.z == pytest.approx(-8 / se[2])


def test_an_exact_poisson_test_of_counts_that_vary_more_is_refused():
    with pytest.raises(AnalysisError, match=r"2\.0"):
        poisson_e_test((20, 1), (10, 1), dispersion=2.0)


@pytest.mark.parametrize(("ratio", "together"), [(1, False), (3, False), (3, True)])
def test_the_dispersion_of_harm_counts_that_kinds_rise_together(ratio, together):
    # Closed form: kinds that share their shocks add h'm squared times what one count has too much.
    rng = np.random.default_rng(5)
    harm, mean = np.array([5.0, 1.0]), np.array([30.0, 90.0])
    rate = (ratio - 1) / mean.sum() if together else (ratio - 1) / mean
    shape = (400, 2, 30, 6)
    size = 1 / np.maximum(rate, 1e-9) * np.ones(2)
    shocks = rng.gamma(size[:, None, None], 1 / size[:, None, None], shape)
    shocks = shocks[:, :1] if together else shocks
    counts = rng.poisson(mean[:, None, None] * np.broadcast_to(shocks, shape))

    found = np.array([harm_dispersion(table, harm) for table in counts])

    poisson = harm**2 @ mean
    extra = rate * (harm @ mean) ** 2 if together else (harm**2 * rate * np.ones(2)) @ mean**2
    true = 1 + float(extra) / poisson
    # It is never put below 1: where it is 1, it lies above by half of what it errs.
    slack = 0.06 if ratio == 1 else 4 * found.std() / np.sqrt(len(found))
    assert found.mean() == pytest.approx(true, abs=slack)


def test_harm_has_no_ring_and_its_limits_are_of_the_level_asked_for():
    got = harm_weighted_difference(
        np.array([[20, 24, 30, 4], [10, 10, 6, 1]]), np.array([1.0, 3.0]), dispersion=2.0, level=0.9
    )

    # The programme's -26 and thrice -5, less the comparison's +4; variances 2 (78 + 9 x 27).
    assert (got.total, got.local, got.ring, got.ring_se) == (-45.0, -45.0, 0.0, 0.0)
    se = np.sqrt(2 * (78 + 9 * 27))
    assert (got.total_se, got.local_se) == (pytest.approx(se), pytest.approx(se))
    assert got.upper == pytest.approx(-45 + 1.644854 * se, abs=1e-4)
    assert got.lower == pytest.approx(-45 - 1.644854 * se, abs=1e-4)
    assert got.dispersion == 2.0


@pytest.mark.parametrize("side", [(30, 2, 20, 20), (2, 30, 20, 20), (20, 20, 30, 2)])
def test_events_before_and_after_are_enough_together_however_few_of_them_lie_on_one_side(side):
    counts = np.array([[*side]])

    assert harm_weighted_difference(counts, np.ones(1), dispersion=1).total_se == pytest.approx(
        np.sqrt(sum(side))
    )


def test_harm_that_is_none_has_the_dispersion_of_counts_without_events():
    with pytest.raises(AnalysisError, match="freedom"):
        harm_dispersion(np.zeros((2, 8, 4)), np.array([3.0, 1.0]))


@pytest.mark.parametrize(("shape", "freedom"), [((3, 6), 10), ((4, 4), 9), ((10, 2), 9)])
def test_a_dispersion_needs_ten_degrees_of_freedom_and_tells_how_many_there_are(shape, freedom):
    counts = np.random.default_rng(1).poisson(9.0, shape)

    if freedom >= 10:
        assert estimate_dispersion(counts) >= 1
        return
    with pytest.raises(AnalysisError, match=f"needs 10 degrees .* leave {freedom}"):
        estimate_dispersion(counts)


def test_places_and_periods_without_events_teach_no_dispersion():
    rng = np.random.default_rng(2)
    counts = rng.negative_binomial(5, 0.2, (6, 5)).astype(float)
    wider = np.pad(counts, ((0, 3), (0, 2)))

    assert estimate_dispersion(wider) == pytest.approx(estimate_dispersion(counts))
    assert estimate_dispersion(counts) > 2


@pytest.mark.parametrize("wrong", [np.nan, -1.0, np.inf])
def test_a_count_that_is_none_teaches_no_dispersion(wrong):
    counts = np.full((6, 5), 4.0)
    counts[2, 3] = wrong

    with pytest.raises(AnalysisError, match="missing or negative"):
        estimate_dispersion(counts)
    counts[2, 3] = 0.0
    assert estimate_dispersion(counts) >= 1


@pytest.mark.parametrize(("dispersion", "told"), [(1.15, None), (1.151, r"1\.15"), (0.99, "0.99")])
def test_an_exact_poisson_test_holds_up_to_a_dispersion_of_1_15(dispersion, told):
    if told is None:
        assert 0 < poisson_e_test((20, 1), (10, 1), dispersion=dispersion) < 1
        return
    with pytest.raises(AnalysisError, match=told):
        poisson_e_test((20, 1), (10, 1), dispersion=dispersion)


def test_a_quotient_of_small_counts_has_a_value():
    # Shares of the treated place fall by a half; the ring's rises by a quarter.
    assert weighted_displacement_quotient((4, 2), (4, 5), (4, 4)) == pytest.approx(0.25 / -0.5)
    assert weighted_displacement_quotient((1, 2), (1, 1), (1, 1)) == 0
