"""What sums up a year or a colonia, in words: harm, premises nearby, means, traits."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from labtools.messages import number, percent, plural, say, text
from labtools.tables import vocabulary as words
from labtools.tables.vocabulary import label


def harm_sentences(harm: pd.DataFrame) -> tuple[str, ...]:
    """Return whether the last year's harm left that of the one before, and what it rests on."""
    if harm.empty:
        return (text("No recorded crime has a harm weight, or there is no whole year yet."),)
    rows = harm.sort_values("year_start")
    last = rows.iloc[-1]
    said = [
        text(
            "The crimes of the last year that have a weight ({share} of all) sum to {harm} days of "
            "prison at the least ({low} to {high}, by chance of the counts alone).",
            share=percent(last["weighed_share"]),
            harm=number(last["harm_days"]),
            low=number(last["lower"]),
            high=number(last["upper"]),
        ),
        text(
            "To weigh by the law's least penalty is this lab's declared choice. With each weight "
            "anywhere between half and double, as another code or reading may have it, the sum "
            "lies between {low} and {high}.",
            low=number(last["doubt_lower"]),
            high=number(last["doubt_upper"]),
        ),
    ]
    if len(rows) > 1:
        said.append(_beside_last_year(rows.iloc[-2], last))
    if not rows["verified"].all():
        said.append(
            text(
                "The weights were not verified in the law in force: for thought inside the lab, "
                "not to be cited."
            )
        )
    return tuple(said)


def _beside_last_year(before: pd.Series, last: pd.Series) -> str:
    if last["lower"] > before["upper"]:
        return text("That is more than the year before, whose range it leaves.")
    if last["upper"] < before["lower"]:
        return text("That is less than the year before, whose range it leaves.")
    return text("It cannot be told apart from the year before.")


def terrain_sentences(terrain: pd.DataFrame) -> tuple[str, ...]:
    """Return which kinds of premises go with more files of all crime nearby."""
    if terrain.empty:
        return (text("No source of premises was given, so nothing is told of what lies near."),)
    total = terrain[terrain["group"] == words.TOTAL]
    found = sorted(total.loc[total["chosen"] & (total["lower"] > 1), "label"])
    tried = say(
        plural("{n} kind of premises was tried.", "{n} kinds of premises were tried."), n=len(total)
    )
    if not found:
        return (tried, text("None goes with more recorded crime nearby."))
    return (
        tried,
        text(
            "Nearer to these, more crime is recorded for each resident: {kinds}. Where premises "
            "are, people are: it is no cause, and points at no owner.",
            kinds=tuple(found),
        ),
    )


def index_sentences(places: pd.DataFrame) -> tuple[str, ...]:
    """Return, of all colonias, how much their place depends on how means are summed up."""
    if places.empty:
        return (
            text("Fewer than three indicators speak of lack of means: no index is made of them."),
        )
    width = places["upper_share"] - places["lower_share"]
    return (
        text(
            "Lack of means was summed up in {tried} defensible ways of {indicators} indicators. "
            "The place of a typical colonia moves by {typical} of all colonias, and by up to "
            "{most}: its interval is told, and no place.",
            tried=number(places["tried"].iloc[0]),
            indicators=number(places["indicators"].iloc[0]),
            typical=percent(width.median()),
            most=percent(width.max()),
        ),
    )


def means_sentences(places: pd.DataFrame) -> tuple[str, ...]:
    """Return between which shares of the others one colonia lies by lack of means."""
    if places.empty:
        return ()
    row = places.iloc[0]
    return (
        text(
            "Between {low} and {high} of the other colonias lack less than this one, by {tried} "
            "ways to sum up {indicators} indicators of means and work.",
            low=percent(row["lower_share"]),
            high=percent(row["upper_share"]),
            tried=number(row["tried"]),
            indicators=number(row["indicators"]),
        ),
    )


def exposure_choice_sentences(exposures: pd.DataFrame) -> tuple[str, ...]:
    """Return by whom rates are told, what else was tried, and what could not be.

    Parameters
    ----------
    exposures : pandas.DataFrame
        Canonical table ``exposures``.
    """
    tried = [name for name in words.EXPOSURES if name in set(exposures["exposure"])]
    others = tuple(label(name) for name in tried if name != words.BY_RESIDENTS)
    lacking = tuple(label(name) for name in words.EXPOSURES if name not in tried)
    if not others:
        return (text("Rates are told by residents; no other exposure is known here."),)
    said = [text("Rates are told by residents; they were also tried by {others}.", others=others)]
    if lacking:
        said.append(
            text("Not tried, for want of a source of premises: {lacking}.", lacking=lacking)
        )
    return tuple(said)


def contribution_sentences(
    contributions: pd.DataFrame, factors: pd.DataFrame, labels: pd.Series
) -> tuple[str, ...]:
    """Return which traits of one colonia go with a higher or lower rate, each with its interval.

    Parameters
    ----------
    contributions : pandas.DataFrame
        Rows of ``factor_contributions`` of one colonia.
    factors : pandas.DataFrame
        The table ``factors``: only what it calls an association is told.
    labels : pandas.Series
        Names of the traits by key.
    """
    clear = factors[(factors["group"] == words.TOTAL) & (factors["reading"] == "association")]
    own = contributions[contributions["group"] == words.TOTAL]
    rows = own.merge(clear, on=["group", "indicator"])
    if rows.empty:
        return (
            text("No trait of colonias goes together with this rate clearly enough to be told."),
        )
    told = rows.sort_values("indicator").to_dict("records")
    return tuple(
        _contributing(row, str(labels.get(row["indicator"], row["indicator"]))) for row in told
    )


def _contributing(row: Mapping[Hashable, float], trait: str) -> str:
    """Return one sentence: the interval is that of the trait's ratio, to the colonia's power."""
    # The trait in standard deviations: its part of the logarithm over the mean of a whole one.
    power = row["contribution"] / np.log(row["ratio"])
    limits = sorted(row[end] ** power for end in ("lower", "upper"))
    return text(
        "{trait}: colonias with as much of it as this one have {ratio} times the rate of an "
        "average one (between {low} and {high}), other traits and place held alike. An "
        "association of areas: no cause, and nothing about who lives here.",
        trait=trait,
        ratio=number(row["ratio"] ** power, 2),
        low=number(limits[0], 2),
        high=number(limits[1], 2),
    )
