"""Whether attention feeds itself, in words: what patrols discover, and where."""

from __future__ import annotations

import pandas as pd

from labtools.messages import number, percent, text
from labtools.tables import vocabulary as words


def feedback_sentences(feedback: pd.DataFrame) -> tuple[str, ...]:
    """Return how much of recorded crime patrols discovered, and whether more in the programme.

    Parameters
    ----------
    feedback : pandas.DataFrame
        Canonical table ``feedback``; empty where no source says how an event came to be known.
    """
    rows = feedback[feedback["group"] == words.TOTAL].set_index("measure")
    if "discovered_share" not in rows.index:
        return (
            text(
                "No source says whether somebody reported an event or a patrol came upon it, so "
                "whether attention feeds itself is not known. Ask the prosecutor for that column "
                "(in the descriptor: “origin” under [columns], and [origins])."
            ),
        )
    share = rows.loc["discovered_share"]
    said = [
        text(
            "Of {n} case files of known origin, patrols discovered {share} ({low} to {high}). They "
            "are counted as they are: the correction for crimes never reported does not raise "
            "them.",
            n=number(int(share["events"])),
            share=percent(float(share["value"]), 1),
            low=number(100 * float(share["lower"]), 1),
            high=percent(float(share["upper"]), 1),
        )
    ]
    if "programme_ratio" in rows.index:
        said.append(_compared(rows.loc["programme_ratio"]))
    return tuple(said)


def _compared(row: pd.Series) -> str:
    figures = {
        "ratio": number(float(row["value"]), 2),
        "low": number(float(row["lower"]), 2),
        "high": number(float(row["upper"]), 2),
    }
    if row["lower"] > 1:
        return text(
            "In colonias of the programme that share is {ratio} times that elsewhere ({low} to "
            "{high}): where one looks, one finds. Decide on what people reported.",
            **figures,
        )
    if row["upper"] < 1:
        return text(
            "In colonias of the programme that share is {ratio} times that elsewhere ({low} to "
            "{high}): lower. That does not say why: patrols may find less there, or people report "
            "more.",
            **figures,
        )
    return text(
        "In colonias of the programme that share is {ratio} times that elsewhere ({low} to "
        "{high}): a difference that cannot be told apart from chance.",
        **figures,
    )
