"""Power of a roll-out by simulation from the fitted counts: how many colonias, how many months.

The comparison that is promised is the one that is simulated: pooled change with the action
against pooled change without it, errors from how much colonias differ (so that overdispersion
is in them), Student's limits.  Pools colonias until the design can see the expected effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy

from labtools.targeting.count_model import CountModel

_LEVEL, _WANTED = 0.05, 0.80
_COLUMNS = ("months", "per_arm", "power", "assurance", "false_alarm")
_PLACES = 8
_EDGE = 1e-6
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
        The shortest and smallest design with the power wanted; None if none has it (and no
        months of a plan of surveys).
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
    return effect, np.asarray(2 * scipy.stats.t.sf(t, freedom))


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
    studies = _studies(model, 2 * per_arm, times, rng)
    return _seen(studies, fall, per_arm, rng)


@dataclass(frozen=True, slots=True)
class _Studies:
    """Colonias of simulated studies in the order of the lot: expected after, and counted before."""

    expected: np.ndarray
    before: np.ndarray


def _studies(model: CountModel, size: int, times: int, rng: np.random.Generator) -> _Studies:
    n = len(model.level)
    order = rng.permuted(np.tile(np.arange(n), (times, 1)), axis=1)[:, :size]
    level = model.level.to_numpy()[order]
    rows = np.arange(times)[:, None]
    first = model.deviations(times, rng)[rows, order]
    then = model.deviations(times, rng)[rows, order]
    return _Studies(level * then, rng.poisson(level * first).astype(float))


def _seen(
    studies: _Studies, fall: float | np.ndarray, per_arm: int, rng: np.random.Generator
) -> float:
    """Return the share of studies of the first colonias of each lot that tell the fall."""
    size = 2 * per_arm
    treated = np.arange(size) < per_arm
    left = 1 - np.broadcast_to(np.atleast_1d(fall), (len(studies.before),))[:, None]
    after = rng.poisson(studies.expected[:, :size] * np.where(treated, left, 1.0))
    _, p = compare_change(studies.before[:, :size], after.astype(float), treated)
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
    rows: list[dict[str, object]] = []
    expected = float(np.mean(fall))
    for months, model in models.items():
        sizes = [size for size in per_arm if 2 * size <= len(model.level)]
        # The same studies for every size and fall: designs differ by what they are, not by luck.
        studies = _studies(model, 2 * max(sizes, default=0), times, rng)
        for size in sizes:
            drawn = rng.choice(fall, times)
            rows.append(
                {
                    "months": months,
                    "per_arm": size,
                    "power": _seen(studies, expected, size, rng),
                    "assurance": _seen(studies, drawn, size, rng),
                    "false_alarm": _seen(studies, 0.0, size, rng),
                }
            )
    return _plan(rows, expected, wanted)


def plan_survey(
    fall: np.ndarray,
    share: float,
    sample: ClusterSample,
    *,
    per_arm: Sequence[int] = _PER_ARM,
    times: int = 1_000,
    rng: np.random.Generator,
) -> PowerPlan:
    """Return what two surveys of so many colonias with the action, and as many without, could see.

    Parameters
    ----------
    fall : numpy.ndarray
        Draws of the expected fall of the share, relative to it.
    share : float
        Who feels unsafe before, 0 to 1.
    sample : ClusterSample
        Answers in each colonia and their likeness; its clusters are those of `per_arm`.

    Returns
    -------
    PowerPlan
        Without months: the surveys come before the action and once it had its time.
    """
    rows: list[dict[str, object]] = []
    expected = float(np.mean(fall))
    for size in per_arm:
        sized = replace(sample, clusters=size)
        told = {"power": np.array(expected), "assurance": rng.choice(fall, times)}
        told["false_alarm"] = np.array(0.0)
        seen = {
            name: simulate_survey_power(share * one, share, sized, times=times, rng=rng)
            for name, one in told.items()
        }
        rows.append({"months": None, "per_arm": size, **seen})
    return _plan(rows, expected, _WANTED)


def answers_alike(answers: pd.Series, places: pd.Series) -> float | None:
    """Return the intra-cluster correlation of answers by place (one-way analysis of variance).

    Donner (1986), doi:10.2307/1403259.  None with fewer than eight places of two answers.
    """
    groups = answers.groupby(places.to_numpy())
    size = groups.count()
    kept = answers.groupby(places.to_numpy()).transform("count") > 1
    size = size[size > 1]
    if len(size) < _PLACES:
        return None
    own, of = answers[kept], places[kept].to_numpy()
    means = own.groupby(of).transform("mean")
    within = float(((own - means) ** 2).sum()) / max(float(size.sum()) - len(size), 1.0)
    between = float(((means - own.mean()) ** 2).sum()) / (len(size) - 1)
    each = (float(size.sum()) - float((size**2).sum()) / float(size.sum())) / (len(size) - 1)
    whole = between + (each - 1) * within
    return float(np.clip((between - within) / whole, 0.0, 1.0)) if whole > 0 else 0.0


def _plan(rows: list[dict[str, object]], expected: float, wanted: float) -> PowerPlan:
    designs = pd.DataFrame(rows, columns=list(_COLUMNS))
    enough = designs[designs["power"] >= wanted].sort_values(["months", "per_arm"])
    best = enough.iloc[0] if len(enough) else None
    timed = best is not None and pd.notna(best["months"])
    return PowerPlan(
        designs,
        int(best["months"]) if best is not None and timed else None,
        None if best is None else int(best["per_arm"]),
        expected,
        wanted,
    )


def simulate_survey_power(
    difference: float | np.ndarray,
    share: float,
    sample: ClusterSample,
    *,
    times: int = 1_000,
    rng: np.random.Generator,
) -> float:
    """Return the share of simulated two-wave, two-arm surveys that tell a fall from chance.

    `difference` may be one number or a draw for each study (assurance).

    Errors come from the clusters' means, so that the design effect is in them.
    """
    clusters, per_cluster, likeness = sample.clusters, sample.per_cluster, sample.likeness
    p = np.full((times, 2, 2), share)
    p[:, 0, 1] = np.clip(share - np.asarray(difference), _EDGE, 1 - _EDGE)
    size = (times, 2, 2, clusters)
    mean = np.broadcast_to(p[..., None], size)
    if likeness > 0:
        weight = 1 / likeness - 1
        mean = rng.beta(mean * weight, (1 - mean) * weight)
    answers = rng.binomial(per_cluster, mean) / per_cluster
    means = answers.mean(axis=3)
    change = (means[:, 0, 1] - means[:, 0, 0]) - (means[:, 1, 1] - means[:, 1, 0])
    error = np.sqrt((answers.var(axis=3, ddof=1) / clusters).sum(axis=(1, 2)))
    t = np.abs(change) / np.maximum(error, 1e-12)
    return float((2 * scipy.stats.t.sf(t, 4 * (clusters - 1)) < _LEVEL).mean())
