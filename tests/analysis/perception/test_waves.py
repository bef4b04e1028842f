import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.analysis.perception.design import survey_design
from labtools.analysis.perception.estimates import estimate_mean, mean_influence
from labtools.analysis.perception.waves import Wave, compare_waves


def sample(rng, clusters, *, level=0.0, own=None, size=8):
    rows = np.repeat(clusters, size)
    stratum = np.where(rows % 2 == 0, "even", "odd")
    own = rng.normal(0, 1, clusters.max() + 1) if own is None else own
    people = pd.DataFrame({"stratum": stratum, "cluster": rows, "weight": 1.0 + rows % 3})
    people["value"] = level + own[rows] + rng.normal(0, 0.5, len(rows))
    return people


def wave(people):
    design = survey_design(people, weight="weight", stratum="stratum", clusters=("cluster",))
    return Wave(design, people["value"], people["stratum"], people["cluster"])


def test_waves_that_share_no_cluster_are_independent():
    rng = np.random.default_rng(1)
    first, last = (wave(sample(rng, start + np.arange(20))) for start in (0, 20))

    found = compare_waves(first, last)

    errors = [estimate_mean(one.design, one.answers).standard_error for one in (first, last)]
    assert found.standard_error == pytest.approx(np.hypot(*errors))
    assert found.value == pytest.approx(found.now - found.before)


def test_the_same_clusters_asked_twice_give_the_variance_of_the_difference_of_each():
    rng = np.random.default_rng(2)
    own = rng.normal(0, 1, 20)
    first, last = (sample(rng, np.arange(20), own=own, level=level) for level in (0.0, 0.4))

    found = compare_waves(wave(first), wave(last))

    # One design holds both answers as columns: its covariance matrix gives the same, by
    # another way.
    design = wave(first).design
    moved = [mean_influence(design, people["value"])[1] for people in (first, last)]
    exact = design.covariance(np.column_stack(moved))
    assert found.standard_error == pytest.approx(
        np.sqrt(exact[0, 0] + exact[1, 1] - 2 * exact[0, 1])
    )
    assert found.standard_error < 0.5 * np.sqrt(exact[0, 0] + exact[1, 1])


def test_a_difference_is_told_within_its_limits_as_often_as_they_say():
    rng, held, called = np.random.default_rng(3), [], []
    for _ in range(300):
        own = rng.normal(0, 1, 60)
        first = wave(sample(rng, rng.choice(60, 40, replace=False), own=own, size=4))
        last = wave(sample(rng, rng.choice(60, 40, replace=False), own=own, size=4))
        found = compare_waves(first, last)
        held.append(found.lower <= 0 <= found.upper)
        called.append(found.p_value < 0.05)

    # The standard error of the share is 0.013.
    assert np.mean(held) >= 0.93
    assert np.mean(called) == pytest.approx(1 - np.mean(held))


def test_a_domain_inside_one_cluster_has_no_error_to_tell():
    rng = np.random.default_rng(4)
    first, last = (sample(rng, np.arange(20)) for _ in range(2))
    domains = (first["cluster"] == 3, last["cluster"] == 3)

    found = compare_waves(wave(first), wave(last), domains)

    assert np.isnan([found.standard_error, found.lower, found.upper, found.p_value]).all()
    assert found.respondents == 8


def asked(said, clusters=30):
    """Return a wave of one person in each block: so many said yes."""
    people = pd.DataFrame({"stratum": "a", "cluster": range(clusters), "weight": 1.0})
    return wave(people.assign(value=(np.arange(clusters) < said).astype(float)))


def test_a_unanimous_wave_is_no_sure_one():
    first = asked(0)
    last = asked(4)
    last = Wave(last.design, last.answers, last.stratum, last.cluster + 100)

    found = compare_waves(first, last)

    # Fisher's exact test of 0 of 30 against 4 of 30 gives 0.112: no change can be told.
    assert stats.fisher_exact([[0, 30], [4, 26]])[1] == pytest.approx(0.112, abs=0.001)
    assert found.p_value > 0.05
    # One more yes and one more no: 1 of 32.
    error = np.sqrt(1 / 32 * 31 / 32 / 32 + 4 / 30 * 26 / 30 / 29)
    assert found.standard_error == pytest.approx(error)


def test_people_of_no_weight_are_no_respondents():
    one = asked(7)
    weight = np.where(np.arange(30) < 10, 0.0, 1.0)
    lighter = Wave(one.design.reweighted(weight), one.answers, one.stratum, one.cluster)

    assert compare_waves(lighter, asked(9)).respondents == 20


def two_blocks(level):
    rng = np.random.default_rng(5)
    people = pd.DataFrame({"stratum": "a", "cluster": np.repeat([0, 1], 6), "weight": 1.0})
    return people.assign(value=level + rng.normal(size=12) + people["cluster"])


def test_two_clusters_in_each_wave_have_an_interval_of_one_degree_of_freedom():
    first, last = wave(two_blocks(0.0)), two_blocks(0.3)
    other = wave(last.assign(cluster=last["cluster"] + 7))

    found = compare_waves(first, other, level=0.8)

    reach = stats.t.ppf(0.9, 1) * found.standard_error
    assert found.upper - found.value == pytest.approx(reach)
    assert found.value - found.lower == pytest.approx(reach)
    assert found.p_value == pytest.approx(
        2 * stats.t.sf(abs(found.value) / found.standard_error, 1)
    )
    assert found.respondents == 12


def test_the_same_people_with_the_same_answers_have_changed_by_nothing_and_prove_nothing():
    people = two_blocks(0.0)

    found = compare_waves(wave(people), wave(people))

    assert (found.value, found.standard_error) == (0.0, 0.0)
    assert np.isnan([found.lower, found.upper, found.p_value]).all()
