"""Will it be seen: the smallest fall that a comparison can tell from chance, before it starts.

When to use it: before an action begins, to choose how many colonias and months to pool.  When
not: after the data are in (the interval of the effect says it then); nor for one colonia with
a few dozen case files a year, where no fall short of a rout can be seen: the answer is "none".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from labtools.errors import AnalysisError

_LEVEL, _POWER = 0.05, 0.80
_FLOOR = 1e-6


@dataclass(frozen=True, slots=True)
class Detectable:
    """What a survey comparison can see.

    Attributes
    ----------
    difference : float
        Smallest fall of a share told from chance with the power asked for; missing if not even
        a fall of all of it could be told.
    respondents : float
        Effective answers per wave and arm.
    """

    difference: float
    respondents: float


def smallest_fall(
    events: float,
    *,
    dispersion: float = 1.0,
    comparison: float = np.inf,
    level: float = _LEVEL,
    power: float = _POWER,
) -> float:
    """Return the smallest fall, as a share, that two equal spells can tell from chance.

    The logarithm of the ratio after/before has the variance
    ``dispersion * (1/events + 1/(events * ratio))``, and ``2 * dispersion / comparison`` more
    if the change is set against colonias without the action.

    Parameters
    ----------
    events : float
        Expected case files in the spell before (of all colonias pooled).
    dispersion : float
        Variance over mean of such counts; 1 if they vary as chance alone makes them.
    comparison : float
        Expected case files of the comparison colonias in the same spell; infinite without them.
    level, power : float
        Two-sided false alarm, and chance of seeing the fall.

    Returns
    -------
    float
        Missing if no fall can be seen: "none".

    Raises
    ------
    AnalysisError
        If a count or the dispersion is not positive, or level or power is no probability.
    """
    _check_counts(events, dispersion, comparison)
    _check_shares(level=level, power=power)
    reach = scipy.stats.norm.ppf(1 - level / 2) + scipy.stats.norm.ppf(power)
    shared = 2 * dispersion / comparison if np.isfinite(comparison) else 0.0

    def surplus(ratio: float) -> float:
        error = np.sqrt(dispersion * (1 + 1 / ratio) / events + shared)
        return float(-np.log(ratio) - reach * error)

    ratios = np.geomspace(1e-4, 1 - 1e-9, 400)
    best = ratios[int(np.argmax([surplus(ratio) for ratio in ratios]))]
    if surplus(best) <= 0:
        return float("nan")
    return 1 - float(scipy.optimize.brentq(surplus, best, 1 - 1e-12))


def power_of_fall(
    fall: float,
    events: float,
    *,
    dispersion: float = 1.0,
    comparison: float = np.inf,
    level: float = _LEVEL,
) -> float:
    """Return the chance of telling a fall of size `fall` from chance: see `smallest_fall`.

    Raises
    ------
    AnalysisError
        As `smallest_fall`, or if the fall is not a share: none of what there is can fall by more.
    """
    _check_counts(events, dispersion, comparison)
    _check_shares(level=level)
    if not 0 <= fall <= 1:
        raise AnalysisError(
            "A fall is a share from 0 (none) to 1 (all), and {fall} is not. Write a fall of a "
            "fifth as 0.2.",
            fall=fall,
        )
    ratio = max(1 - fall, _FLOOR)
    shared = 2 * dispersion / comparison if np.isfinite(comparison) else 0.0
    error = np.sqrt(dispersion * (1 + 1 / ratio) / events + shared)
    return float(scipy.stats.norm.cdf(-np.log(ratio) / error - scipy.stats.norm.ppf(1 - level / 2)))


def smallest_difference(
    share: float,
    respondents: float,
    *,
    design_effect: float = 1.0,
    arms: int = 2,
    power: float = _POWER,
) -> Detectable:
    """Return the smallest change of a perceived share that two waves can tell from chance.

    Parameters
    ----------
    share : float
        Share before (0.6 feel unsafe).
    respondents : float
        Answers per wave in each arm.
    design_effect : float
        Of the survey's clusters and weights; 1 for a simple random sample.
    arms : {1, 2}
        2 if the change is set against places without the action, 1 for before and after only.

    Raises
    ------
    AnalysisError
        If the share is not inside 0 to 1, or there are no answers.
    """
    _check_survey(share, respondents, design_effect)
    _check_shares(power=power)
    effective = respondents / design_effect
    reach = scipy.stats.norm.ppf(1 - _LEVEL / 2) + scipy.stats.norm.ppf(power)
    error = np.sqrt(2 * arms * share * (1 - share) / effective)
    least = float(reach * error)
    return Detectable(least if least <= share else float("nan"), float(effective))


def power_of_difference(
    difference: float,
    share: float,
    respondents: float,
    *,
    design_effect: float = 1.0,
    arms: int = 2,
) -> float:
    """Return the chance of telling a change of `difference` in a share from chance.

    Raises
    ------
    AnalysisError
        As `smallest_difference`.
    """
    _check_survey(share, respondents, design_effect)
    effective = respondents / design_effect
    after = min(max(share - abs(difference), 0.0), 1.0)
    variance = (share * (1 - share) * (2 * arms - 1) + after * (1 - after)) / effective
    limit = scipy.stats.norm.ppf(1 - _LEVEL / 2)
    return float(scipy.stats.norm.cdf(abs(difference) / np.sqrt(variance) - limit))


def _check_counts(events: float, dispersion: float, comparison: float) -> None:
    if not (events > 0 and dispersion > 0 and comparison > 0):
        raise AnalysisError(
            "Power needs positive counts and a positive dispersion, and got {events} events and "
            "{dispersion}. Take colonias with some recorded crime.",
            events=events,
            dispersion=dispersion,
        )


def _check_shares(**told: float) -> None:
    for name, share in told.items():
        if not 0 < share < 1:
            raise AnalysisError(
                "{name} is a probability between 0 and 1, and {share} is not. Write 80 % as 0.8.",
                name=name,
                share=share,
            )


def _check_survey(share: float, respondents: float, design_effect: float) -> None:
    if not (0 < share < 1 and respondents > 0 and design_effect > 0):
        raise AnalysisError(
            "Power of a survey needs a share between 0 and 1 and some answers, and got {share} "
            "and {respondents}.",
            share=share,
            respondents=respondents,
        )
