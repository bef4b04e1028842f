import numpy as np
import pandas as pd
import pytest
from scipy import special

from labtools.analysis.risk.groups import pattern_of_others
from labtools.analysis.risk.surfaces import Beside, fit_surface_in_time
from tests.simulation.group_cities import MEANS, group_city

RARE = MEANS.index(0.1)
AREAS = pd.Index([f"c{k}" for k in range(400)])


def drawn(shape, seed, slope=1.0):
    """Return the counts of two groups: rates of the one are a power of those of the other."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(shape, 1 / shape, len(AREAS))
    exposure = pd.Series(rng.uniform(2, 30, len(AREAS)), AREAS)
    others = pd.Series(rng.poisson(exposure * rate).astype(float), AREAS)
    own = pd.Series(rng.poisson(exposure * rate**slope).astype(float), AREAS)
    return (own, exposure), (others, exposure)


def test_the_pattern_is_the_expected_logarithm_of_a_gamma_law():
    own, others = drawn(4.0, 1)

    found = pattern_of_others(own, others)

    # Of gamma(a, b) the logarithm is expected to be digamma(a) - log(b), with variance
    # trigamma(a); the law that the counts were drawn from has a = 4 and b = 4.
    exact = special.digamma(4 + others[0]) - np.log(4 + others[1])
    assert np.corrcoef(found.level, exact)[0, 1] > 0.999
    assert found.level.mean() == pytest.approx(0, abs=1e-9)
    assert found.level.std() == pytest.approx(1)
    doubt = np.sqrt(special.polygamma(1, 4 + others[0]))
    # Rates are alike up to chance: the slope on the logarithm is near one.
    assert (found.doubt / doubt).mean() == pytest.approx(1, abs=0.15)


def test_groups_that_do_not_go_together_add_hardly_any_doubt():
    own, others = drawn(4.0, 2, slope=0.0)

    found = pattern_of_others(own, others)

    assert found.doubt.max() < 0.06


def test_what_is_not_known_of_the_others_is_taken_for_their_mean_and_doubted_most():
    own, (events, exposure) = drawn(4.0, 3)
    events.iloc[0], exposure.iloc[1] = np.nan, 0.0

    found = pattern_of_others(own, (events, exposure))

    assert found.level.iloc[:2].tolist() == [0.0, 0.0]
    assert (found.doubt.iloc[:2] >= found.doubt.iloc[2:].max()).all()


@pytest.mark.parametrize("events", [[3.0] * 400, [3.0] * 4 + [np.nan] * 396])
def test_others_that_tell_no_area_from_another_have_no_pattern(events):
    own, (_, exposure) = drawn(4.0, 4)

    assert pattern_of_others(own, (pd.Series(events, AREAS), exposure * 0 + 1)) is None


def test_a_rare_group_is_nearer_the_truth_with_the_others_and_its_intervals_still_hold():
    city = group_city(128, 41, shared=0.8)
    own = city.quarters[RARE]
    others = sum(city.quarters[:RARE], start=own * 0)
    years = city.residents * 5
    pattern = pattern_of_others((own.sum(axis=1), years), (others.sum(axis=1), years))
    truth = city.log_rate[:, RARE]

    def judged(beside):
        table = fit_surface_in_time(
            own,
            city.residents,
            city.neighbours,
            rounded_cells=0.0,
            beside=beside,
            rng=np.random.default_rng(1),
        ).table
        away = np.log(table["rate"]) - truth
        held = (np.log(table["lower"]) <= truth) & (truth <= np.log(table["upper"]))
        return float((away - away.mean()).std()), float(held.mean())

    alone, together = judged(None), judged(Beside(others=pattern))

    # The study: a fifth nearer.
    assert together[0] < 0.95 * alone[0]
    # 128 hits of 95 %: three standard errors are 6 points.
    assert together[1] > 0.89
