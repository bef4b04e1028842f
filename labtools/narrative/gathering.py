"""Files that follow or gather closely, in words: near repeats, alike neighbours, what is new."""

from __future__ import annotations

import pandas as pd

from labtools.messages import number, plural, say, text
from labtools.tables.vocabulary import label

_SURE = 0.05


def near_repeat_sentences(near_repeats: pd.DataFrame) -> tuple[str, ...]:
    """Return in which groups files follow each other more closely than chance deals them."""
    if near_repeats.empty:
        return (
            text("There are too few case files with a point to tell whether they repeat nearby."),
        )
    closest = near_repeats.sort_values(["metres_from", "days_from"]).drop_duplicates("group")
    clear = closest[(closest["q_value"] <= _SURE) & (closest["ratio"] > 1)]
    span = closest.iloc[0]
    if clear.empty:
        return (
            text(
                "No group has more pairs of files within {metres} metres and {days} days than the "
                "same places and days dealt out at random.",
                metres=number(span["metres_to"]),
                days=number(span["days_to"]),
            ),
        )
    return tuple(
        text(
            "{group}: {observed} pairs of files within {metres} metres and {days} days; {expected} "
            "if places and days had nothing to do with each other. A place just hit deserves "
            "attention for those days; it tells of no person.",
            group=label(row["group"]),
            observed=number(row["observed"]),
            metres=number(row["metres_to"]),
            days=number(row["days_to"]),
            expected=number(row["expected"], 1),
        )
        for _, row in clear.iterrows()
    )


def density_sentences(density: pd.DataFrame) -> tuple[str, ...]:
    """Return what the map of density is, with the choices that were made for it."""
    if density.empty:
        return (text("There are too few case files with a point to draw where they lie thick."),)
    sizes = density.iloc[0]
    return (
        text(
            "Cells of {cell} metres and a kernel of {bandwidth} metres were chosen by the size of "
            "the municipality. Where people pass, files lie thick: it is no map of risk.",
            cell=number(sizes["cell_metres"]),
            bandwidth=number(sizes["bandwidth_metres"]),
        ),
    )


def gathering_sentences(gathering: pd.DataFrame) -> tuple[str, ...]:
    """Return in which groups neighbours are alike; a map without likeness has no clusters."""
    if gathering.empty:
        return (
            text("There are too few colonias with figures to tell whether neighbours are alike."),
        )
    alike = gathering["q_value"].le(_SURE) & gathering["statistic"].gt(gathering["expected"])
    said = []
    if alike.any():
        said.append(
            text(
                "Neighbours are more alike than chance makes them (Moran's I, judged together) in: "
                "{groups}.",
                groups=tuple(label(group) for group in gathering.loc[alike, "group"]),
            )
        )
    if not alike.all():
        said.append(
            text(
                "No likeness of neighbours can be told in: {groups}. There, a single colonia that "
                "stands out is no part of a larger spot.",
                groups=tuple(label(group) for group in gathering.loc[~alike, "group"]),
            )
        )
    return tuple(said)


def emerging_sentences(emerging: pd.DataFrame, names: pd.Series) -> tuple[str, ...]:
    """Return which groups of neighbours have, lately, more files than they usually do.

    Parameters
    ----------
    names : pandas.Series
        Names of the colonias by key.
    """
    if emerging.empty:
        return (
            text(
                "No group of neighbouring colonias had, in the last months, more files than its "
                "usual share beyond chance."
            ),
        )
    return tuple(
        say(
            plural(
                "In the last month: {observed} files where {expected} would be usual, in {areas}.",
                "In the last {n} months: {observed} files where {expected} would be usual, in "
                "{areas}.",
            ),
            n=int(rows["months"].iloc[0]),
            observed=number(rows["observed"].iloc[0]),
            expected=number(rows["expected"].iloc[0], 1),
            areas=tuple(sorted(rows["colonia_id"].map(names))),
        )
        for _, rows in emerging.groupby("cluster")
    )


def series_alarm_sentences(alarms: pd.DataFrame) -> tuple[str, ...]:
    """Return which series of the municipality and its boroughs left what their seasons tell."""
    if alarms.empty:
        return (
            text(
                "Fewer than three years and a quarter: series cannot be judged by their "
                "seasons yet."
            ),
        )
    told = text(
        "{n} series of the municipality and its boroughs were judged by the same season of their "
        "last three years; if nothing were out of the usual, {budget} false alarms a month.",
        n=len(alarms),
        budget=number(alarms["budget"].iloc[0], 1),
    )
    raised = alarms[alarms["alarm"]]
    if raised.empty:
        return (told, text("None left what is usual."))
    return (
        told,
        *(
            text(
                "{area}, {group}: {observed} files; up to {upper} would be usual.",
                area=row["area"],
                group=label(row["group"]),
                observed=number(row["observed"]),
                upper=number(row["upper"]),
            )
            for _, row in raised.iterrows()
        ),
    )
