"""Design-based estimation: what a survey with strata, clusters and weights says.

When to use it: shares in a survey by areas or groups.  When not: for an area with few
respondents; the estimate is then refused ("insufficient") rather than shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

MAXIMUM_CV = 0.30


@dataclass(frozen=True, slots=True)
class Share:
    """An estimated share with its design-based uncertainty.

    Attributes
    ----------
    share, standard_error : float
        Missing where nobody answered; the error also where the answers of no two clusters
        of a stratum can be compared (nothing then tells how far the share may be off).
    lower, upper : float
        Limits on the logit scale, so that they stay inside (0, 1).
    respondents : int
        People who answered.
    """

    share: float
    standard_error: float
    lower: float
    upper: float
    respondents: int

    def usable(self, *, minimum_respondents: int) -> bool:
        """Tell whether the estimate is precise enough to be shown.

        Its coefficient of variation (of the rarer answer) is at most 30 %, INEGI's limit
        for "use with caution", and enough people answered.
        """
        rarer = min(self.share, 1 - self.share)
        precise = bool(rarer > 0 and self.standard_error / max(rarer, 1e-9) <= MAXIMUM_CV)
        return precise and self.respondents >= minimum_respondents


def estimate_share(
    survey: pd.DataFrame, domain: pd.Series | None = None, *, level: float = 0.95
) -> Share:
    """Return the share of ``value`` = 1 in a domain of a stratified cluster sample.

    Taylor linearisation of the ratio, over the whole design: people outside the domain stay
    in it with value zero, so that the number of clusters is right.  A stratum with a single
    cluster is centred at the mean of all clusters, which errs on the safe side.

    Parameters
    ----------
    survey : pandas.DataFrame
        ``stratum``, ``cluster``, ``weight``, ``value`` (0, 1, or missing: no answer).
    domain : pandas.Series of bool, optional
        Rows to speak of; all by default.

    References
    ----------
    Särndal, C.-E., Swensson, B. & Wretman, J. (1992). Model Assisted Survey Sampling, ch. 5.
    Lumley, T. (2010). Complex Surveys, ch. 2 (logit intervals, lonely clusters).
    """
    inside = survey["value"].notna() & survey["weight"].notna()
    if domain is not None:
        inside &= domain
    answered = int(inside.sum())
    if answered == 0:
        return Share(np.nan, np.nan, np.nan, np.nan, 0)
    weight = survey["weight"].where(inside, 0.0)
    value = survey["value"].fillna(0.0)
    share = float((weight * value).sum() / weight.sum())
    influence = weight * (value - share) / weight.sum()
    variance = _cluster_variance(influence, survey["stratum"], survey["cluster"])
    # A domain inside one cluster has no variance between clusters: that is not precision.
    clusters = survey.loc[inside, ["stratum", "cluster"]].drop_duplicates()
    freedom = len(clusters) - clusters["stratum"].nunique()
    error = float(np.sqrt(variance)) if freedom else np.nan
    lower, upper = _logit_limits(share, error, freedom, level)
    return Share(share, error, lower, upper, answered)


def _cluster_variance(influence: pd.Series, stratum: pd.Series, cluster: pd.Series) -> float:
    totals = influence.groupby([stratum, cluster]).sum()
    by_stratum = totals.groupby(level=0)
    size = by_stratum.size()
    centre = by_stratum.mean().where(size > 1, totals.mean())
    deviations = (totals - centre.reindex(totals.index, level=0)) ** 2
    scale = (size / (size - 1)).where(size > 1, 1.0)
    return float((deviations.groupby(level=0).sum() * scale).sum())


def _logit_limits(share: float, error: float, freedom: int, level: float) -> tuple[float, float]:
    if not 0 < share < 1 or not freedom:
        return np.nan, np.nan
    reach = stats.t.ppf((1 + level) / 2, freedom) * error / (share * (1 - share))
    middle = np.log(share / (1 - share))
    limits = 1 / (1 + np.exp(-(middle + np.array([-reach, reach]))))
    return float(limits[0]), float(limits[1])
