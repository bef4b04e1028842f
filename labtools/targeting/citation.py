"""How evidence is shown: with its source, or not at all outside the lab.

A figure that nobody verified reads "not verified — do not cite" in place of its value, in
every internal page; `public_evidence` leaves it out of anything public.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from labtools.errors import PrivacyError
from labtools.messages import mark, number, say, text
from labtools.targeting.catalogue import Effect, Intervention

COLUMNS = (
    "intervention",
    "outcome",
    "direction",
    "claim",
    "figure",
    "n_studies",
    "design",
    "country",
    "source",
    "doi",
    "verified_on",
)
_FIGURES = {
    "percent_change": mark("{value} %"),
    "risk_ratio": mark("relative risk {value}"),
    "rate_ratio": mark("rate ratio {value}"),
    "odds_ratio": mark("odds ratio {value}"),
    "smd": mark("{value} standard deviations"),
    "share_with": mark("{value} % with the action"),
}
_DIGITS = {"percent_change": 1, "share_with": 1}


def figure_words(effect: Effect) -> str:
    """Return an effect's figure in words, or that it may not be cited.

    A finding without figure gives an empty text if it was verified.
    """
    if not effect.is_quotable:
        return text("not verified — do not cite")
    if effect.measure is None or effect.value is None:
        return ""
    digits = _DIGITS.get(effect.measure, 2)
    value = number(effect.value, digits)
    if effect.upto is not None:
        value = text("{low} to {high}", low=value, high=number(effect.upto, digits))
    figure = say(_FIGURES[effect.measure], value=value)
    if effect.interval is None:
        return figure
    low, high = (number(limit, digits) for limit in effect.interval)
    return text("{figure} (between {low} and {high})", figure=figure, low=low, high=high)


def evidence_table(interventions: Iterable[Intervention]) -> pd.DataFrame:
    """Return every effect of the interventions, one a row, for internal pages.

    What was not verified has no figure but the words that it may not be cited.
    """
    rows = [
        {
            "intervention": one.id,
            "outcome": effect.outcome,
            "direction": effect.direction,
            "claim": effect.claim if effect.is_quotable else text("not verified — do not cite"),
            "figure": figure_words(effect),
            "n_studies": effect.n_studies,
            "design": effect.design,
            "country": effect.country,
            "source": effect.source,
            "doi": effect.doi,
            "verified_on": effect.verified_on,
        }
        for one in interventions
        for effect in one.effect
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["verified_on"] = pd.to_datetime(table["verified_on"])
    return table.astype({"n_studies": "Int64"})


def workings_table(interventions: Iterable[Intervention]) -> pd.DataFrame:
    """Return how each intervention is thought to act and what its effect was seen to depend on.

    Theory and reading in words, for internal pages: what to ask before an action is copied from
    where it was studied.  It holds no figure, and nothing of it is public.
    """
    rows = [(one.id, one.mechanism, one.moderators) for one in interventions if one.mechanism]
    return pd.DataFrame(rows, columns=["intervention", "mechanism", "moderators"])


def public_evidence(interventions: Iterable[Intervention]) -> pd.DataFrame:
    """Return what may be cited in public: verified entries only."""
    table = evidence_table(interventions)
    return table[table["verified_on"].notna()].reset_index(drop=True)


def check_citable(table: pd.DataFrame) -> None:
    """Refuse a table of evidence that holds anything not verified.

    Raises
    ------
    PrivacyError
        If a row has no ``verified_on``: the first, and how many.
    """
    unverified = table[table["verified_on"].isna()]
    if len(unverified):
        first = unverified.iloc[0]
        raise PrivacyError(
            "{n} figures of evidence were not verified and cannot be published; the first is of "
            "{intervention} ({source}). Verify it in its source and date it in "
            "interventions.toml, or leave it out.",
            n=len(unverified),
            intervention=str(first["intervention"]),
            source=str(first["source"]),
        )


def cited(effects: Iterable[Effect]) -> str:
    """Return the sources of what may be cited, once each: the end of a chain of reasons."""
    sources = dict.fromkeys(
        f"{effect.source} (doi:{effect.doi})" if effect.doi else effect.source
        for effect in effects
        if effect.is_quotable
    )
    return "; ".join(sources)
