"""Whether an action's effect will be seen, in words: how many colonias, and how many months."""

from __future__ import annotations

import pandas as pd

from labtools.messages import percent, text
from labtools.tables.action_words import action_words


def power_sentences(designs: pd.DataFrame, names: pd.Series) -> tuple[str, ...]:
    """Return, of each action and outcome, the smallest design that sees it, or that none does.

    Parameters
    ----------
    designs : pandas.DataFrame
        Canonical table ``roll_out_power``.
    names : pandas.Series
        Spanish name of each intervention, by its key.
    """
    if designs.empty:
        return (text("No action has a price and a verified figure: no start was planned."),)
    pairs = designs.groupby(["intervention", "outcome"], sort=False)
    return tuple(
        _told(action_words(str(key), str(names.get(key, key))), str(outcome), rows)
        for (key, outcome), rows in pairs
    )


def _told(action: str, outcome: str, rows: pd.DataFrame) -> str:
    smallest = rows[rows["standing"] == "smallest"]
    facts = {"action": action, "fall": percent(float(rows["fall"].iloc[0]))}
    if float(rows["fall"].iloc[0]) <= 0:
        return text("{action}: no fall is expected, so none could be seen.", action=action)
    if smallest.empty:
        most = int(rows["per_arm"].max())
        if outcome == "fear":
            return text(
                "{action}, fear: a fall of {fall} of those who feel unsafe would be seen by none "
                "of the surveys tried, up to {n} colonias with the action and as many without.",
                **facts,
                n=most,
            )
        return text(
            "{action}, crime: a fall of {fall} of the crimes it acts on would be seen by none of "
            "the starts tried, up to {n} colonias with the action and as many without, and "
            "{months} months. Do not promise that it will be seen.",
            **facts,
            n=most,
            months=int(rows["months"].max()),
        )
    chosen = smallest.iloc[0]
    facts["power"] = percent(float(chosen["power"]))
    size = int(chosen["per_arm"])
    if outcome == "fear":
        return text(
            "{action}, fear: a fall of {fall} of those who feel unsafe would be seen {power} of "
            "the times by two surveys of {n} colonias with the action and as many without.",
            **facts,
            n=size,
        )
    return text(
        "{action}, crime: a fall of {fall} of the crimes it acts on would be seen {power} of the "
        "times in {months} months, with {n} colonias with the action and as many without.",
        **facts,
        n=size,
        months=int(chosen["months"]),
    )
