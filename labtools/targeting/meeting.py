"""The citizens' network meeting: what was asked, what was answered, and how far they agree.

Answers come back as data (CSV: ``colonia_id``, ``meeting``, ``participant``, ``need``, ``rank``)
where a participant is a number at the table, never a name.  Agreement is Kendall's W, from 0
(each says otherwise) to 1 (all say the same), with its test against chance; with the lab's own
order it is told apart, because a network need not agree with the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from labtools.errors import SourceError

COLUMNS = ("colonia_id", "meeting", "participant", "need", "rank")
_FEW = 3


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a meeting agreed.

    Attributes
    ----------
    w : float
        Kendall's coefficient of concordance, ties allowed; missing with fewer than three
        participants or two needs.
    p_value : float
        Of the hypothesis that each ordered at random (chi-square).
    order : tuple of str
        Needs by their mean rank, the first named most.
    with_lab : float
        Spearman's correlation of that order with the lab's; missing without one.
    participants : int
    """

    w: float
    p_value: float
    order: tuple[str, ...]
    with_lab: float
    participants: int


def check_answers(answers: pd.DataFrame) -> pd.DataFrame:
    """Return answers whose form is right.

    Raises
    ------
    SourceError
        If a column is absent, a rank is no whole number from 1 on, a participant ordered a need
        twice, or what should be a number at the table looks like a name.
    """
    absent = [column for column in COLUMNS if column not in answers.columns]
    if absent:
        raise SourceError(
            "The answers of the meeting lack the column {column}. They have to have {expected}.",
            column=absent[0],
            expected=COLUMNS,
        )
    named = answers[~answers["participant"].astype(str).str.fullmatch(r"[0-9]{1,4}")]
    if len(named):
        raise SourceError(
            "{n} answers name their participant instead of numbering the place at the table. "
            "Replace names by numbers before the file is used: nobody is to be singled out.",
            n=len(named),
        )
    rank = pd.to_numeric(answers["rank"], errors="coerce")
    wrong = answers[rank.isna() | (rank < 1) | (rank % 1 != 0)]
    twice = answers[answers.duplicated(["colonia_id", "meeting", "participant", "need"])]
    for bad in (wrong, twice):
        if len(bad):
            raise SourceError(
                "{n} answers have no valid rank, or order a need twice; the first is of "
                "participant {participant}, need {need}. Ranks are whole numbers from 1 on.",
                n=len(bad),
                participant=str(bad.iloc[0]["participant"]),
                need=str(bad.iloc[0]["need"]),
            )
    return answers[list(COLUMNS)].assign(rank=rank.astype(int))


def agreement(answers: pd.DataFrame, lab: pd.Series | None = None) -> Agreement:
    """Return how far the participants of one meeting agreed, and with the lab.

    Parameters
    ----------
    answers : pandas.DataFrame
        Of one meeting: see `check_answers`.  A need that a participant did not order takes the
        mean of the ranks that were left.
    lab : pandas.Series, optional
        The lab's measure of each need (more is more need), by need.

    References
    ----------
    Kendall, M. G. & Babington Smith, B. (1939). The problem of m rankings. Annals of
    Mathematical Statistics 10, 275-287. doi:10.1214/aoms/1177732186
    """
    wide = answers.pivot_table(index="participant", columns="need", values="rank")
    n = wide.shape[1]
    left = (wide.notna().sum(axis=1) + 1 + n) / 2
    filled = wide.apply(lambda column: column.fillna(left)).rank(axis=1)
    mean = filled.mean()
    order = tuple(str(need) for need in mean.sort_values(kind="stable").index)
    m = len(filled)
    w = _concordance(filled.to_numpy(float)) if m >= _FEW and n > 1 else float("nan")
    p = float(stats.chi2.sf(m * (n - 1) * w, n - 1)) if np.isfinite(w) else float("nan")
    return Agreement(w, p, order, _with_lab(mean, lab), m)


def _concordance(ranks: np.ndarray) -> float:
    m, n = ranks.shape
    spread = ((ranks.sum(axis=0) - m * (n + 1) / 2) ** 2).sum()
    ties = sum(
        float((counts**3 - counts).sum())
        for counts in (np.unique(row, return_counts=True)[1] for row in ranks)
    )
    most = m**2 * (n**3 - n) - m * ties
    return float(12 * spread / most) if most else float("nan")


def _with_lab(mean: pd.Series, lab: pd.Series | None) -> float:
    both = pd.DataFrame({"network": -mean, "lab": lab}).dropna() if lab is not None else None
    if both is None or len(both) < _FEW:
        return float("nan")
    return float(both.rank().corr().iloc[0, 1])
