import numpy as np
import pytest
from scipy import stats

from labtools.analysis.risk.priors import Priors
from labtools.errors import AnalysisError

LOG_SIGMA = np.array([-2.0, -0.5, 0.4])
ANGLE = np.array([0.3, 0.8, 1.4])


def apart(told):
    return told - told[0]  # up to a constant


@pytest.mark.parametrize("mixing", [(0.5, 0.5), (2.0, 1.0), (1.0, 3.0)])
@pytest.mark.parametrize("law", ["exponential", "half_normal"])
def test_densities_are_those_of_the_laws_carried_to_the_logarithm_and_the_angle(law, mixing):
    priors = Priors(law, scale=0.4, mixing=mixing)
    of_sigma = stats.expon(scale=0.4) if law == "exponential" else stats.halfnorm(scale=0.4)
    share = np.sin(ANGLE) ** 2
    by_hand = of_sigma.logpdf(np.exp(LOG_SIGMA)) + LOG_SIGMA
    by_hand = by_hand + stats.beta(*mixing).logpdf(share) + np.log(np.sin(2 * ANGLE))

    assert apart(priors.log_density(LOG_SIGMA, ANGLE)) == pytest.approx(apart(by_hand))


def test_a_deviation_above_one_has_one_in_a_hundred():
    assert stats.expon(scale=Priors().scale).sf(1.0) == pytest.approx(0.01, rel=1e-3)


def test_angles_beyond_nought_and_the_right_angle_are_mirrored():
    priors = Priors(mixing=(2.0, 3.0))

    told = priors.log_density(np.zeros(3), np.array([0.3, -0.3, np.pi - 0.3]))

    assert told == pytest.approx(np.full(3, told[0]))


@pytest.mark.parametrize(
    "wrong",
    [{"scale": 0.0}, {"mixing": (0.5, -1.0)}, {"coefficients": 0.0}, {"intercept": -2.0}],
)
def test_what_is_no_law_is_refused_with_the_least_number(wrong):
    (told,) = wrong.values()
    least = min(told) if isinstance(told, tuple) else told

    with pytest.raises(AnalysisError, match=f"one is {least}"):
        Priors(**wrong)
    assert Priors(scale=0.5, mixing=(0.1, 0.1)).scale == 0.5
