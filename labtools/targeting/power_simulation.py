"""Power of a roll-out by simulation from the fitted counts: how many colonias, how many months.

The comparison that is promised is the one that is simulated: pooled change with the action
against pooled change without it, errors from how much colonias differ (so that overdispersion
is in them), Student's limits.  Pools colonias until the design can see the expected effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from labtools.targeting.count_model import CountModel

_LEVEL, _WANTED = 0.05, 0.80
_PER_ARM = (8, 12, 16, 24, 32, 48, 64, 96, 128)


@dataclass(frozen=True, slots=True)
class PowerPlan:
    """What a roll-out could see, design by design.

    Attributes
    ----------
    designs : pandas.DataFrame
        ``months``, ``per_arm``, ``power`` (at the expected fall), ``assurance`` (its average
        over the draws of the fall) and ``false_alarm`` (with no effect at all).
    months, per_arm : int or None
        The shortest and smallest design with the power wanted; None if none has it.
    fall : float
        Expected fall, as a share.
    wanted : float
        Power asked for.
    """

    designs: pd.DataFrame
    months: int | None
    per_arm: int | None
    fall: float
    wanted: float


@dataclass(frozen=True, slots=True)
class ClusterSample:
    """A survey by clusters.

    Attributes
    ----------
    clusters, per_cluster : int
        Clusters in each wave and arm, and answers in each of them.
    likeness : float
        Intra-cluster correlation of answers; 0 if neighbours answer no more alike.
    """

    clusters: int
    per_cluster: int
    likeness: float = 0.0

    @property
    def design_effect(self) -> float:
        """How much wider errors are than with answers taken one by one."""
        return 1 + (self.per_cluster - 1) * self.likeness


def compare_change(
    before: np.ndarray, after: np.ndarray, treated: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the log ratio of changes, with and without the action, and its p-value.

    Parameters
    ----------
    before, after : numpy.ndarray, shape (times, n)
        Counts of colonias in two spells; each row is a study of its own.
    treated : numpy.ndarray of bool, shape (n,) or (times, n)
        Colonias with the action.
    """
    treated = np.broadcast_to(treated, before.shape)
    effect, variance = np.zeros(len(before)), np.zeros(len(before))
    for arm, sign in ((treated, 1.0), (~treated, -1.0)):
        first = np.where(arm, before, 0.0)
        then = np.where(arm, after, 0.0)
        sums = np.maximum(first.sum(axis=1, keepdims=True), 0.5)
        sums_then = np.maximum(then.sum(axis=1, keepdims=True), 0.5)
        size = arm.sum(axis=1)
        effect += sign * np.log(sums_then / sums)[:, 0]
        part = then / sums_then - first / sums
        variance += (part**2).sum(axis=1) * size / np.maximum(size - 1, 1)
    freedom = np.maximum(before.shape[1] - 2, 1)
    t = np.abs(effect) / np.sqrt(np.maximum(variance, 1e-12))
    return effect, np.asarray(2 * stats.t.sf(t, freedom))


def simulate_power(
    model: CountModel,
    fall: float | np.ndarray,
    *,
    per_arm: int,
    times: int = 1_000,
    rng: np.random.Generator,
) -> float:
    """Return the share of simulated roll-outs whose effect is told from chance.

    Colonias of both arms are drawn at random among those of the model, as a random roll-out
    would; `fall` may be one number or a draw for each study (assurance).
    """
    n = len(model.level)
    order = rng.permuted(np.tile(np.arange(n), (times, 1)), axis=1)[:, : 2 * per_arm]
    treated = np.zeros((times, 2 * per_arm), bool)
    treated[:, :per_arm] = True
    level = model.level.to_numpy()[order]
    ratio = np.where(treated, 1 - np.broadcast_to(np.atleast_1d(fall), (times,))[:, None], 1.0)
    rows = np.arange(times)[:, None]
    first = model.deviations(times, rng)[rows, order]
    then = model.deviations(times, rng)[rows, order]
    before = rng.poisson(level * first)
    after = rng.poisson(level * then * ratio)
    _, p = compare_change(before.astype(float), after.astype(float), treated)
    return float((p < _LEVEL).mean())


def plan_power(
    models: Mapping[int, CountModel],
    fall: np.ndarray,
    *,
    per_arm: Sequence[int] = _PER_ARM,
    wanted: float = _WANTED,
    times: int = 1_000,
    rng: np.random.Generator,
) -> PowerPlan:
    """Return what each design could see, and the smallest with the power wanted.

    Parameters
    ----------
    models : mapping of int to CountModel
        By length of spell in months, the shortest first.
    fall : numpy.ndarray
        Draws of the expected fall, as a share.
    per_arm : sequence of int
        Colonias with the action; as many without it.
    """
    rows = []
    expected = float(np.mean(fall))
    for months, model in models.items():
        for size in per_arm:
            if 2 * size > len(model.level):
                continue
            drawn = rng.choice(fall, times)
            rows.append(
                {
                    "months": months,
                    "per_arm": size,
                    "power": simulate_power(model, expected, per_arm=size, times=times, rng=rng),
                    "assurance": simulate_power(model, drawn, per_arm=size, times=times, rng=rng),
                    "false_alarm": simulate_power(model, 0.0, per_arm=size, times=times, rng=rng),
                }
            )
    columns = ["months", "per_arm", "power", "assurance", "false_alarm"]
    designs = pd.DataFrame(rows, columns=columns)
    enough = designs[designs["power"] >= wanted].sort_values(["months", "per_arm"])
    best = enough.iloc[0] if len(enough) else None
    return PowerPlan(
        designs,
        None if best is None else int(best["months"]),
        None if best is None else int(best["per_arm"]),
        expected,
        wanted,
    )


def simulate_survey_power(
    difference: float,
    share: float,
    sample: ClusterSample,
    *,
    times: int = 1_000,
    rng: np.random.Generator,
) -> float:
    """Return the share of simulated two-wave, two-arm surveys that tell a fall from chance.

    Errors come from the clusters' means, so that the design effect is in them.
    """
    clusters, per_cluster, likeness = sample.clusters, sample.per_cluster, sample.likeness
    p = np.array([[share, share - difference], [share, share]])
    size = (times, 2, 2, clusters)
    mean = np.broadcast_to(p[None, :, :, None], size)
    if likeness > 0:
        weight = 1 / likeness - 1
        mean = rng.beta(mean * weight, (1 - mean) * weight)
    answers = rng.binomial(per_cluster, mean) / per_cluster
    means = answers.mean(axis=3)
    change = (means[:, 0, 1] - means[:, 0, 0]) - (means[:, 1, 1] - means[:, 1, 0])
    error = np.sqrt((answers.var(axis=3, ddof=1) / clusters).sum(axis=(1, 2)))
    t = np.abs(change) / np.maximum(error, 1e-12)
    return float((2 * stats.t.sf(t, 4 * (clusters - 1)) < _LEVEL).mean())
