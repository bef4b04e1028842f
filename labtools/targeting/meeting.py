"""The citizens' network meeting: what was asked, what was answered, and how far they agree.

Answers come back as data (CSV: ``colonia_id``, ``meeting``, ``participant``, ``need``, ``rank``)
where a participant is a number at the table, never a name, and a need the number of its factor
(or its key).  Agreement is Kendall's W, from 0
(each says otherwise) to 1 (all say the same), with its test against chance; with the lab's own
order it is told apart, because a network need not agree with the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.errors import SourceError
from labtools.tables.action_words import FACTORS

COLUMNS = ("colonia_id", "meeting", "participant", "need", "rank")
FEW = 3
_FIRST = 3


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
    need = answers["need"].astype(str).str.replace(r"^0*(\d+)$", r"factor_\1", regex=True)
    return answers[list(COLUMNS)].assign(rank=rank.astype(int), need=need)


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
    w = _concordance(filled.to_numpy(float)) if m >= FEW and n > 1 else float("nan")
    p = float(scipy.stats.chi2.sf(m * (n - 1) * w, n - 1)) if np.isfinite(w) else float("nan")
    return Agreement(w, p, order, _with_lab(mean, lab), m)


def agreement_table(answers: pd.DataFrame, needs: pd.DataFrame) -> pd.DataFrame:
    """Return the canonical table ``network_agreement``: each meeting, alone and beside the data.

    Parameters
    ----------
    answers, needs : pandas.DataFrame
        Canonical tables ``network_answers`` and ``needs``.
    """
    lab = needs.set_index(["colonia_id", "need"])["share_lower"]
    rows = []
    for (colonia, day), told in answers.groupby(["colonia_id", "held_on"]):
        known = colonia in lab.index.get_level_values(0)
        found = agreement(told, lab.loc[colonia] if known else None)
        rows.append((colonia, day, found.participants, found.w, found.p_value, found.with_lab))
    columns = ["colonia_id", "held_on", "participants", "w", "p_value", "with_lab"]
    return pd.DataFrame(rows, columns=columns)


def named_first(answers: pd.DataFrame) -> pd.DataFrame:
    """Return how many of a network put each need among their first three, with its doubt.

    Only the last meeting of each colonia speaks, and only where three places or more answered.

    Parameters
    ----------
    answers : pandas.DataFrame
        Canonical table ``network_answers``.

    Returns
    -------
    pandas.DataFrame
        By ``colonia_id`` and ``need``: ``asked`` (share of the participants), ``asked_lower``
        and ``asked_upper`` (90 % by Jeffreys' rule), and ``participants``.

    References
    ----------
    Brown, L. D., Cai, T. T. & DasGupta, A. (2001). Interval estimation for a binomial
    proportion. Statistical Science 16, 101-133. doi:10.1214/ss/1009213286
    """
    last = answers.groupby("colonia_id")["held_on"].transform("max")
    told = answers[answers["held_on"] == last]
    people = told.groupby("colonia_id")["participant"].nunique()
    first = told[told["rank"] <= _FIRST].groupby(["colonia_id", "need"])["participant"].nunique()
    people = people[people >= FEW]
    every = pd.MultiIndex.from_product([people.index, FACTORS], names=["colonia_id", "need"])
    yes = first.reindex(every, fill_value=0).to_numpy(float)
    n = people.reindex(every.get_level_values(0)).to_numpy(float)
    low, high = (scipy.stats.beta.ppf(p, yes + 0.5, n - yes + 0.5) for p in (0.05, 0.95))
    return pd.DataFrame(
        {
            "asked": yes / n,
            "asked_lower": np.where(yes == 0, 0.0, low),
            "asked_upper": np.where(yes == n, 1.0, high),
            "participants": pd.array(n.astype(int), dtype="Int64"),
        },
        index=every,
    )


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
    if both is None or len(both) < FEW:
        return float("nan")
    return float(both.rank().corr().iloc[0, 1])
