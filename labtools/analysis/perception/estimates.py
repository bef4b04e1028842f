"""Design-based means, shares, ratios, totals and quantiles, with intervals and a verdict.

When to use it: for the city, or for areas with enough people asked.  When not: for an area
with few of them; the verdict is then "insufficient", and a small-area model may help.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.perception.design import Design
from labtools.errors import AnalysisError

Verdict = Literal["enough", "caution", "insufficient"]


@dataclass(frozen=True, slots=True)
class Precision:
    """Declared rules of what may be shown.

    Attributes
    ----------
    caution_cv, maximum_cv : float
        Coefficients of variation from which an estimate is shown with caution, and not at
        all: INEGI's classes, 15 and 30 %.
    minimum_effective, minimum_respondents : float
        Fewest people, as a simple sample would count them, and as they were asked.
    minimum_freedom : int
        Fewest clusters less strata: with fewer, the error itself is hardly known (Parker et al.
        2017, National Center for Health Statistics data presentation standards for proportions).
    """

    caution_cv: float = 0.15
    maximum_cv: float = 0.30
    minimum_effective: float = 30
    minimum_respondents: int = 30
    minimum_freedom: int = 8


@dataclass(frozen=True, slots=True)
class Estimate:
    """One figure of a survey.

    Attributes
    ----------
    value, standard_error, lower, upper : float
        Missing where nobody answered, and the last three where no two clusters can be compared.
    respondents : int
        People who answered.
    freedom : int
        Clusters less strata where they answered.
    design_effect : float
        Variance over that of a simple sample of as many people; missing for quantiles.
    kind : {"mean", "share", "ratio", "total", "quantile"}
        What the value is.
    """

    value: float
    standard_error: float
    lower: float
    upper: float
    respondents: int
    freedom: int
    design_effect: float
    kind: Literal["mean", "share", "ratio", "total", "quantile"]

    @property
    def cv(self) -> float:
        """Coefficient of variation; of a share, that of the rarer answer."""
        base = min(self.value, 1 - self.value) if self.kind == "share" else abs(self.value)
        return self.standard_error / base if base > 0 else np.nan

    @property
    def effective(self) -> float:
        """People that a simple sample would have needed to be as precise.

        Never more than were asked: clusters that happen to agree are no people.
        """
        effect = max(self.design_effect, 1.0) if self.design_effect > 0 else np.nan
        return self.respondents / effect

    def verdict(self, rules: Precision | None = None) -> Verdict:
        """Return whether the figure may be shown: "enough", "caution" or "insufficient".

        What cannot be judged (a unanimous answer, a single cluster) is insufficient.
        """
        rules = rules or Precision()
        judged = self.cv <= rules.maximum_cv and self.respondents >= rules.minimum_respondents
        judged = judged and self.freedom >= rules.minimum_freedom
        # A quantile or a total has no design effect of its own: it is judged by the others.
        if self.kind in {"mean", "share"}:
            judged = judged and self.effective >= rules.minimum_effective
        if not judged:
            return "insufficient"
        return "caution" if self.cv > rules.caution_cv else "enough"


def estimate_mean(
    design: Design, values: pd.Series, domain: pd.Series | None = None, *, level: float = 0.95
) -> Estimate:
    """Return the mean of `values` in a domain, with Student's interval.

    People outside the domain stay in the sample with value zero, so that the number of
    clusters is right.  Missing values: did not answer.
    """
    inside, value = _asked(design, values, domain)
    if not inside.any():
        return _nothing("mean")
    mean, moved = _mean(design, value, inside)
    error = _error(design, moved, inside)
    freedom = design.degrees_of_freedom(inside)
    lower, upper = _student(mean, error, freedom, level)
    effect = _design_effect(design, value, inside, error)
    return Estimate(mean, error, lower, upper, int(inside.sum()), freedom, effect, "mean")


def estimate_share(
    design: Design,
    answers: pd.Series,
    domain: pd.Series | None = None,
    *,
    interval: Literal["logit", "beta"] = "beta",
    level: float = 0.95,
) -> Estimate:
    """Return the share of people whose answer is 1, with limits that stay inside 0 and 1.

    Parameters
    ----------
    answers : pandas.Series
        0, 1 or missing (no answer).
    interval : {"logit", "beta"}
        Korn & Graubard's Clopper-Pearson on the effective sample ("beta") also serves rare
        answers, and a unanimous one; the logit interval is the shorter for the others.

    Raises
    ------
    AnalysisError
        If an answer is neither 0 nor 1.

    References
    ----------
    Korn, E. L. & Graubard, B. I. (1998). Confidence intervals for proportions with small
    expected number of positive counts estimated from survey data. Survey Methodology 24, 193-201.
    """
    strange = answers[answers.notna() & ~answers.isin([0, 1])]
    if len(strange):
        raise AnalysisError(
            "{n} answers are neither 0 nor 1 (the first: row {row}). Say which answer counts "
            "before asking for its share.",
            n=len(strange),
            row=strange.index[0],
        )
    found = estimate_mean(design, answers, domain, level=level)
    if found.respondents == 0:
        return _nothing("share")
    limits = _logit_limits if interval == "logit" else _beta_limits
    lower, upper = limits(found, int((design.weight > 0).sum()), level)
    return Estimate(
        found.value,
        found.standard_error,
        lower,
        upper,
        found.respondents,
        found.freedom,
        found.design_effect,
        "share",
    )


def estimate_total(
    design: Design, values: pd.Series, domain: pd.Series | None = None, *, level: float = 0.95
) -> Estimate:
    """Return the total of `values` over the people of a domain."""
    inside, value = _asked(design, values, domain)
    if not inside.any():
        return _nothing("total")
    moved = np.where(inside, design.weight * value, 0.0)
    error = _error(design, moved, inside)
    freedom, total = design.degrees_of_freedom(inside), float(moved.sum())
    lower, upper = _student(total, error, freedom, level)
    return Estimate(total, error, lower, upper, int(inside.sum()), freedom, np.nan, "total")


def estimate_ratio(
    design: Design,
    numerator: pd.Series,
    denominator: pd.Series,
    domain: pd.Series | None = None,
    *,
    level: float = 0.95,
) -> Estimate:
    """Return the ratio of two totals: crimes per home, say.  A zero denominator: missing.

    Raises
    ------
    AnalysisError
        If one of them has other rows than the sample, or in another order.
    """
    asked, below = _asked(design, denominator, domain)
    inside, above = _asked(design, numerator, domain)
    inside = inside & asked
    below = np.where(inside, below, 0.0)
    under = float((design.weight * below).sum())
    if not inside.any() or under == 0:
        return _nothing("ratio")
    ratio = float((design.weight * np.where(inside, above, 0.0)).sum() / under)
    moved = np.where(inside, design.weight * (above - ratio * below) / under, 0.0)
    error = _error(design, moved, inside)
    freedom = design.degrees_of_freedom(inside)
    lower, upper = _student(ratio, error, freedom, level)
    return Estimate(ratio, error, lower, upper, int(inside.sum()), freedom, np.nan, "ratio")


def estimate_quantile(
    design: Design,
    values: pd.Series,
    q: float,
    domain: pd.Series | None = None,
    *,
    level: float = 0.95,
) -> Estimate:
    """Return the value that a share `q` of people do not exceed, with Woodruff's interval.

    Raises
    ------
    AnalysisError
        If `q` is not between 0 and 1.

    References
    ----------
    Woodruff, R. S. (1952). Confidence intervals for medians and other position measures.
    J. Am. Stat. Assoc. 47, 635-646. doi:10.1080/01621459.1952.10483443
    """
    if not 0 < q < 1:
        raise AnalysisError(
            "A quantile of {q} asks for what no sample tells. Give a share between 0 and 1: 0.5 "
            "is the median.",
            q=q,
        )
    inside, value = _asked(design, values, domain)
    if not inside.any():
        return _nothing("quantile")
    found = _weighted_quantile(value[inside], design.weight[inside], q)
    _, moved = _mean(design, (value <= found).astype(float), inside)
    freedom, n = design.degrees_of_freedom(inside), int(inside.sum())
    low, high = _student(q, _error(design, moved, inside), freedom, level)
    if np.isnan(low):
        return Estimate(found, np.nan, np.nan, np.nan, n, freedom, np.nan, "quantile")
    lower, upper = (
        _weighted_quantile(value[inside], design.weight[inside], float(np.clip(p, 0, 1)))
        for p in (low, high)
    )
    error = (upper - lower) / (2 * scipy.stats.t.ppf((1 + level) / 2, freedom))
    return Estimate(found, error, lower, upper, n, freedom, np.nan, "quantile")


def mean_influence(
    design: Design, values: pd.Series, domain: pd.Series | None = None
) -> tuple[float, np.ndarray]:
    """Return a domain's mean and how much each row moves it (zero outside; nan if nobody)."""
    inside, value = _asked(design, values, domain)
    return _mean(design, value, inside)


def estimates_frame(estimates: dict[str, Estimate], rules: Precision | None = None) -> pd.DataFrame:
    """Return one row per estimate with its ``cv``, ``effective`` people and ``verdict``."""
    names = ("value", "standard_error", "lower", "upper", "respondents", "design_effect", "cv")
    rows = {
        key: {name: getattr(found, name) for name in names}
        | {"effective": found.effective, "verdict": found.verdict(rules)}
        for key, found in estimates.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def _asked(
    design: Design, values: pd.Series, domain: pd.Series | None
) -> tuple[np.ndarray, np.ndarray]:
    if not values.index.equals(design.index):
        raise AnalysisError(
            "The answers have {answers} rows and the sample {sample}, or other keys. Take both "
            "from one table, without dropping rows.",
            answers=len(values),
            sample=len(design.index),
        )
    answers = values.astype("Float64").to_numpy(float, na_value=np.nan)
    endless = np.isinf(answers)
    if endless.any():
        raise AnalysisError(
            "{n} answers are infinite (the first: row {row}). Leave them missing, or correct them.",
            n=int(endless.sum()),
            row=values.index[endless][0],
        )
    inside = ~np.isnan(answers) & (design.weight > 0)
    if domain is not None:
        inside = inside & domain.reindex(values.index).fillna(value=False).to_numpy(bool)
    return inside, np.nan_to_num(answers)


def _mean(design: Design, value: np.ndarray, inside: np.ndarray) -> tuple[float, np.ndarray]:
    weight = np.where(inside, design.weight, 0.0)
    people = weight.sum()
    if people == 0:
        return np.nan, np.zeros(len(weight))
    mean = float((weight * value).sum() / people)
    return mean, weight * (value - mean) / people


def _error(design: Design, moved: np.ndarray, inside: np.ndarray) -> float:
    # A domain inside one cluster has no variance between clusters: that is not precision.
    if design.degrees_of_freedom(inside) < 1:
        return np.nan
    return float(np.sqrt(design.covariance(moved, inside)[0, 0]))


def _student(value: float, error: float, freedom: int, level: float) -> tuple[float, float]:
    if freedom < 1:
        return np.nan, np.nan
    reach = float(scipy.stats.t.ppf((1 + level) / 2, freedom)) * error
    return value - reach, value + reach


def _design_effect(design: Design, value: np.ndarray, inside: np.ndarray, error: float) -> float:
    weight, n = np.where(inside, design.weight, 0.0), int(inside.sum())
    people = weight.sum()
    if n < 2:  # noqa: PLR2004 -- one person does not vary
        return np.nan
    spread = (weight * (value - (weight * value).sum() / people) ** 2).sum() / people * n / (n - 1)
    finite = (people - n) / people if people > n and design.stages[0].population is not None else 1
    simple = spread / n * finite
    return float(error**2 / simple) if simple > 0 else np.nan


def _logit_limits(found: Estimate, _: int, level: float) -> tuple[float, float]:
    p = found.value
    if not 0 < p < 1 or found.freedom < 1:
        return np.nan, np.nan
    reach = scipy.stats.t.ppf((1 + level) / 2, found.freedom) * found.standard_error / (p * (1 - p))
    limits = 1 / (1 + np.exp(-(np.log(p / (1 - p)) + np.array([-reach, reach]))))
    return float(limits[0]), float(limits[1])


def _beta_limits(found: Estimate, asked: int, level: float) -> tuple[float, float]:
    if found.freedom < 1:
        return np.nan, np.nan
    p, tail = found.value, (1 - level) / 2
    unanimous = found.standard_error == 0 or p in {0.0, 1.0}
    # Nobody differs: the clusters then count as people at worst.
    n = found.freedom + 1 if unanimous else p * (1 - p) / found.standard_error**2
    if not unanimous:
        if found.freedom < Precision().minimum_freedom:
            n = min(n, found.respondents)  # few clusters that happen to agree are no people
        n *= (scipy.stats.t.ppf(tail, asked - 1) / scipy.stats.t.ppf(tail, found.freedom)) ** 2
    lower = scipy.stats.beta.ppf(tail, n * p, n * (1 - p) + 1) if p > 0 else 0.0
    upper = scipy.stats.beta.ppf(1 - tail, n * p + 1, n * (1 - p)) if p < 1 else 1.0
    return float(lower), float(upper)


def _weighted_quantile(value: np.ndarray, weight: np.ndarray, q: float) -> float:
    order = np.argsort(value, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    place = int(np.searchsorted(reached, q - 1e-12))
    return float(value[order][min(place, len(order) - 1)])


def _nothing(kind: Literal["mean", "share", "ratio", "total", "quantile"]) -> Estimate:
    return Estimate(np.nan, np.nan, np.nan, np.nan, 0, 0, np.nan, kind)
