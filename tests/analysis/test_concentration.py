import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.analysis.concentration import chance_gini, measure_concentration
from labtools.analysis.persistence import _at_least, _moved, tell_persistence
from labtools.errors import AnalysisError


def test_the_gini_of_a_known_spread_is_its_closed_form():
    # One, two, three, four: area under the Lorenz curve by hand gives 1/4.
    found = measure_concentration(pd.Series([4.0, 1, 3, 2]), rng=np.random.default_rng(1))

    assert found.gini == pytest.approx(0.25)
    assert found.half_in == 0.5
    assert found.lorenz["events"].tolist() == pytest.approx([0, 0.1, 0.3, 0.6, 1.0])


@pytest.mark.parametrize("mean", [0.2, 1.0, 5.0])
def test_the_chance_of_equal_places_is_that_of_pairs_of_poisson_counts(mean):
    rng = np.random.default_rng(2)
    counts = rng.poisson(mean, (2, 400_000)).astype(float)

    by_pairs = np.abs(counts[0] - counts[1]).mean() / (2 * mean)

    assert chance_gini(mean) == pytest.approx(by_pairs, abs=0.005)


def test_few_events_look_concentrated_and_are_not():
    rng = np.random.default_rng(3)
    counts = pd.Series(rng.poisson(0.2, 1_000).astype(float))

    found = measure_concentration(counts, rng=rng)

    assert found.gini > 0.75
    assert found.excess == pytest.approx(0, abs=0.02)
    assert found.p_value > 0.01
    assert found.chance == pytest.approx(chance_gini(0.2), abs=0.02)


def test_places_that_differ_are_told_from_chance():
    rng = np.random.default_rng(4)
    counts = pd.Series(rng.poisson(rng.gamma(0.5, 4, 400)).astype(float))

    found = measure_concentration(counts, rng=rng)

    assert found.p_value == pytest.approx(0.001)
    assert found.excess > 0.3


def test_places_in_proportion_to_their_exposure_are_not_concentrated():
    rng = np.random.default_rng(5)
    people = pd.Series(rng.gamma(1, 2_000, 300))
    counts = pd.Series(rng.poisson(people * 0.01).astype(float))

    assert measure_concentration(counts, people, rng=rng).p_value > 0.01
    assert measure_concentration(counts, rng=rng).p_value == pytest.approx(0.001)


def test_nothing_that_happened_is_not_spread():
    with pytest.raises(AnalysisError, match="some events"):
        measure_concentration(pd.Series([0.0, 0.0]), rng=np.random.default_rng(1))


def test_lasting_rising_and_falling_places_are_told_apart():
    rng = np.random.default_rng(6)
    mean = np.full((200, 4), 10.0)
    mean[:5] = 60
    mean[5:10, 3] = 60
    mean[10:15, 0] = 60
    counts = pd.DataFrame(rng.poisson(mean))

    found = tell_persistence(counts, pd.Series(1.0, index=counts.index), rng=rng)

    assert found.kinds[:5].tolist() == ["chronic"] * 5
    assert found.kinds[5:10].tolist() == ["emerging"] * 5
    assert found.kinds[10:15].tolist() == ["fading"] * 5
    assert (found.kinds[15:] == "never").mean() > 0.97


def test_where_nothing_changes_as_many_emerge_as_chance_makes():
    rng = np.random.default_rng(7)
    mean = np.repeat(rng.gamma(2, 5, (300, 1)), 4, axis=1)
    counts = pd.DataFrame(rng.poisson(mean))

    found = tell_persistence(counts, pd.Series(1.0, index=counts.index), rng=rng)

    assert found.found["emerging"] <= 2
    assert found.found["chronic"] == pytest.approx(found.by_chance["chronic"], abs=12)
    assert found.alike["chronic"] < 0.5


def test_a_place_without_exposure_has_no_kind_and_spoils_no_other():
    rng = np.random.default_rng(8)
    counts = pd.DataFrame(rng.poisson(9, (40, 3)))
    people = pd.Series(1.0, index=counts.index)
    people[3] = 0

    found = tell_persistence(counts, people, rng=np.random.default_rng(1))

    assert pd.isna(found.kinds[3])
    assert found.kinds.drop(3).notna().all()


def test_two_windows_are_no_persistence():
    with pytest.raises(AnalysisError, match="at least 3 windows"):
        tell_persistence(
            pd.DataFrame(np.ones((5, 2))), pd.Series(1.0, range(5)), rng=np.random.default_rng(1)
        )


def test_of_two_places_the_gini_is_how_far_events_and_people_are_apart():
    # Eight ninths of the people have four fifths of the events: the closed form of two groups.
    counts, people = pd.Series([4.0, 1.0]), pd.Series([8.0, 1.0])

    found = measure_concentration(counts, people, rng=np.random.default_rng(1))

    assert found.gini == pytest.approx(8 / 9 - 4 / 5)
    # The curve begins with the place of the lowest rate, which has most people and most events.
    assert found.lorenz["places"].tolist() == pytest.approx([0, 8 / 9, 1])
    assert found.lorenz["events"].tolist() == pytest.approx([0, 4 / 5, 1])


@pytest.mark.parametrize("overdispersion", [0.0, 0.4])
def test_the_chance_of_so_many_or_more_is_that_of_scipys_laws(overdispersion):
    count, mean = np.array([0.0, 1, 2, 7, 40]), np.array([3.0, 0.2, 5, 7, 22])

    told = _at_least(count, mean, overdispersion)

    size = 1 / overdispersion if overdispersion else np.nan
    law = stats.nbinom(size, size / (size + mean)) if overdispersion else stats.poisson(mean)
    assert told == pytest.approx(law.sf(count - 1))


@pytest.mark.parametrize(
    ("last", "overdispersion", "rose"),
    [(34, 0.0, False), (35, 0.0, True), (60, 0.1, False), (70, 0.1, True)],
)
def test_a_rise_is_one_of_five_in_a_hundred_of_the_ratio_of_two_counts(last, overdispersion, rose):
    # From 20 events: log ratios over their errors are 1.866, 1.979, 1.894 and 2.099 by hand.
    up, down = np.array([[20.0, 9, last]]), np.array([[last, 9, 20.0]])
    even = np.full((1, 3), 50.0)

    assert [bool(it[0]) for it in _moved(up, even, overdispersion)] == [rose, False]
    assert [bool(it[0]) for it in _moved(down, even, overdispersion)] == [False, rose]


def test_a_rise_is_one_beyond_the_citys():
    with_the_city = _moved(np.array([[20.0, 9, 40]]), np.array([[50.0, 9, 100]]), 0.0)
    against_it = _moved(np.array([[20.0, 9, 20]]), np.array([[50.0, 9, 100]]), 0.0)

    assert not with_the_city[0][0]
    assert not with_the_city[1][0]
    assert against_it[1][0]


def test_each_kind_is_told_by_when_a_place_stood_above_and_whether_it_moved():
    counts = pd.DataFrame(100.0, range(205), range(3))
    counts.loc[:4] = [
        [200, 200, 200],
        [100, 100, 200],
        [200, 100, 100],
        [100, 200, 100],
        [125, 115, 140],  # above in the last one only, but no rise: 0.11 with an error of 0.12
    ]

    found = tell_persistence(counts, pd.Series(2.0, counts.index), rng=np.random.default_rng(1))

    assert found.kinds[:5].tolist() == ["chronic", "emerging", "fading", "occasional", "occasional"]
    assert found.found.to_dict() == {
        "chronic": 1,
        "emerging": 1,
        "fading": 1,
        "occasional": 2,
        "never": 200,
    }
    assert found.by_chance.sum() == pytest.approx(205)
    assert found.alike.sum() == pytest.approx(205)
    # Each place keeps its level: the one that is always above is so in most draws, as alike none.
    assert 0.5 < found.by_chance["chronic"] < 2.5
    assert found.alike["chronic"] < 0.1
