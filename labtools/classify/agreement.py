"""How persons agree who coded the same subjects, and how far what suppliers write has moved.

When to use it: each month, before anybody trusts codes or a model that learnt from older ones.
When not: to judge a person; two who read a hard subject otherwise tell that the rule is missing.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import scipy

from labtools.classify.crosswalk import fold_subject
from labtools.classify.quality import class_drift
from labtools.tables.contracts import check_table, empty_table

AGREEMENT, DRIFT = "coding_agreement", "subject_drift"
#: With fewer subjects in common an interval says nothing.
_FEWEST = 5
#: Of twelve months on either side.
_SPAN = pd.DateOffset(years=1)
_LIKELY = 0.95


def coder_agreement(codings: pd.DataFrame, code: str = "crime_code") -> pd.DataFrame:
    """Return for each two persons how they agree on the subjects that both coded.

    Parameters
    ----------
    codings : pandas.DataFrame
        ``subject``, ``coder`` and the column `code`; of a person's several codes of one subject
        the last one counts.

    Returns
    -------
    pandas.DataFrame
        Canonical table ``coding_agreement``: ``agreed`` (share), ``kappa`` with its 95 % interval
        (Fleiss, Cohen & Everitt 1969, doi:10.1037/h0028106); missing where fewer than five
        subjects, or one code only, tell nothing.
    """
    told = codings.dropna(subset=["coder"])
    told = told.assign(subject=told["subject"].map(fold_subject))
    wide = told.groupby(["subject", "coder"])[code].last().unstack("coder")
    rows = [
        {"first": first, "second": second, **_agreed(wide[first], wide[second])}
        for first, second in combinations(sorted(wide.columns), 2)
        if wide[[first, second]].notna().all(axis=1).any()
    ]
    return check_table(AGREEMENT, pd.DataFrame(rows)) if rows else empty_table(AGREEMENT)


def subject_drift(events: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return how far the codes of a source's last twelve months are from the twelve before.

    Parameters
    ----------
    events : pandas.DataFrame
        ``occurred_on``, ``subject`` and ``crime_code``.

    Returns
    -------
    pandas.DataFrame
        Canonical table ``subject_drift``: ``drift`` (population stability index), ``by_chance``
        (what it reaches in one case of twenty where nothing moved: n times it is chi-squared),
        and ``unseen``, the share of events whose subject the twelve months before did not have.
        Empty where one of the two has no event.
    """
    last = events["occurred_on"].max()
    if pd.isna(last):
        return empty_table(DRIFT)
    now = events[events["occurred_on"] > last - _SPAN]
    older = events["occurred_on"].between(last - 2 * _SPAN, last - _SPAN, inclusive="right")
    before = events[older]
    if now.empty or before.empty:
        return empty_table(DRIFT)
    codes = len({*now["crime_code"], *before["crime_code"]})
    weight = 1 / len(now) + 1 / len(before)
    known = set(map(fold_subject, before["subject"].dropna().unique()))
    said = now["subject"].dropna()
    folded = {subject: fold_subject(subject) for subject in said.unique()}
    row = {
        "source": source,
        "before": len(before),
        "now": len(now),
        "drift": class_drift(before["crime_code"], now["crime_code"]),
        "by_chance": float(scipy.stats.chi2.ppf(_LIKELY, max(codes - 1, 1)) * weight),
        "unseen": float(1 - said.map(folded).isin(known).mean()),
    }
    return check_table(DRIFT, pd.DataFrame([row]))


def _agreed(one: pd.Series, other: pd.Series) -> dict[str, float]:
    both = pd.DataFrame({"one": one, "other": other}).dropna()
    told = {"subjects": len(both), "agreed": float((both["one"] == both["other"]).mean())}
    codes = sorted({*both["one"], *both["other"]})
    if len(both) < _FEWEST or len(codes) == 1:
        return {**told, **dict.fromkeys(("kappa", "lower", "upper"), np.nan)}
    counted = pd.crosstab(both["one"], both["other"])
    from statsmodels.stats.inter_rater import cohens_kappa  # noqa: PLC0415 - statsmodels loads only where it fits

    found = cohens_kappa(counted.reindex(index=codes, columns=codes, fill_value=0).to_numpy())
    limits = {"lower": max(float(found.kappa_low), -1.0), "upper": min(float(found.kappa_upp), 1.0)}
    return {**told, "kappa": float(found.kappa), **limits}
