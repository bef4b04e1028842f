"""Early warning in words: what stood out last month, and how far forecasts can be trusted."""

from __future__ import annotations

import pandas as pd

from labtools.messages import month, number, percent, plural, say, text
from labtools.tables import vocabulary as words
from labtools.tables.vocabulary import label

_AS_LAST_YEAR = "same_month_last_year"


def alert_sentences(alerts: pd.DataFrame) -> tuple[str, ...]:
    """Return how many alerts there were, beside how many chance alone would give."""
    if alerts.empty:
        return (text("There are not enough months yet to expect the next one, so no alerts."),)
    judged = alerts.drop_duplicates("group")
    n = int(alerts["alert"].sum())
    return (
        say(
            plural(
                "In {month} {n} count of a colonia and group stood above what was expected.",
                "In {month} {n} counts of a colonia and group stood above what was expected.",
            ),
            n=n,
            month=month(alerts["month"].iloc[0]),
        ),
        text(
            "If nothing had changed, at most {budget} false alerts a month would be seen in the "
            "whole municipality. An alert asks to look again: it is no proof of a change.",
            budget=number(judged["budget"].sum(), 1),
        ),
        _late_records(alerts["complete"].iloc[0]),
    )


def _late_records(complete: float) -> str:
    if pd.isna(complete):
        return text(
            "How many records of the last month are still to come is not known, and nothing was "
            "allowed for: they can hide an alert, and cannot make one."
        )
    if complete >= 1:
        return text(
            "Of the last month, earlier runs found no record missing. If some still come in, they "
            "can hide an alert, and cannot make one."
        )
    return text(
        "About {share} of the records of the last month are reckoned to be in, and what was "
        "expected was lowered to that. If more are in than reckoned, some alerts are false; if "
        "fewer, some are hidden.",
        share=percent(complete),
    )


def ahead_sentences(forecast: pd.DataFrame, *, group: str = words.TOTAL) -> tuple[str, ...]:
    """Return what is to be expected in one colonia in the next months, as intervals.

    Parameters
    ----------
    forecast : pandas.DataFrame
        Rows of the internal table ``forecast`` of one colonia.
    """
    rows = forecast[forecast["group"] == group].sort_values("month")
    if rows.empty:
        return (text("There are not enough months yet to expect the next ones."),)
    return (
        *(
            text(
                "In {month}, between {low} and {high} recorded crimes are to be expected: so it "
                "would be 95 of 100 times.",
                month=month(row["month"]),
                low=number(row["lower_95"]),
                high=number(row["upper_95"]),
            )
            for row in rows.to_dict("records")
        ),
        text(
            "It is what comes if things go on as they did. It says nothing of persons, nor of what "
            "is not reported, and it is no goal."
        ),
    )


def score_sentences(scoreboard: pd.DataFrame) -> tuple[str, ...]:
    """Return, for each group, which way to forecast is shown and by how much it is better."""
    if scoreboard.empty:
        return (text("There are not enough months yet to judge forecasts, so none is shown."),)
    return (
        text(
            "Each way to forecast was tried on the last months with what was known before them. "
            "Shown is the simplest that no other beats beyond chance."
        ),
        *(_score_sentence(str(group), rows) for group, rows in scoreboard.groupby("group")),
    )


def _score_sentence(group: str, rows: pd.DataFrame) -> str:
    by_model = rows.set_index("model")
    shown = by_model[by_model["shown"]].iloc[0]
    name = str(shown.name)
    if name == _AS_LAST_YEAR or _AS_LAST_YEAR not in by_model.index:
        return text(
            "{group}: “{model}”; nothing more complex forecasts better.",
            group=label(group),
            model=label(name),
        )
    return text(
        "{group}: “{model}”. Its mean error is {error}, that of the same month a year ago "
        "{before}; its 95 % intervals held {cover} of 100 counts.",
        group=label(group),
        model=label(name),
        error=number(shown["crps"], 2),
        before=number(by_model.loc[_AS_LAST_YEAR, "crps"], 2),
        cover=number(shown["cover_95"] * 100, 0),
    )


def told_alerts(alerts: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    """Return the alerts with names for readers, the least expected first.

    Parameters
    ----------
    names : pandas.Series
        Name of each colonia, by its key.
    """
    rows = alerts[alerts["alert"]].sort_values(["p_value", "colonia_id"])
    return pd.DataFrame(
        {
            text("colonia"): rows["colonia_id"].map(names),
            text("group"): rows["group"].map(label),
            text("observed"): rows["observed"],
            text("expected"): rows["expected"].round(1),
            text("no alert up to"): rows["upper"],
        }
    ).reset_index(drop=True)


def told_scores(scoreboard: pd.DataFrame) -> pd.DataFrame:
    """Return the scoreboard with words for readers and the figures that decide."""
    order = {name: place for place, name in enumerate((words.TOTAL, *words.GROUPS))}
    rows = scoreboard.assign(_place=scoreboard["group"].map(order)).sort_values(
        "_place", kind="stable"
    )
    figures = {
        text("mean error (CRPS)"): "crps",
        text("logarithmic score"): "log_score",
        text("score of mean and variance (DSS)"): "dss",
        text("difference from the best, least"): "difference_lower",
        text("difference from the best, most"): "difference_upper",
        text("inside 50 %"): "cover_50",
        text("inside 80 %"): "cover_80",
        text("inside 95 %"): "cover_95",
        text("unevenness of the transform (PIT)"): "pit_departure",
        text("share of events in the places pointed at"): "hit_rate",
        text("accuracy of places (PAI)"): "accuracy_index",
        text("efficiency of places (PEI)"): "efficiency_index",
        text("shown"): "shown",
    }
    return pd.DataFrame(
        {
            text("group"): rows["group"].map(label),
            text("way to forecast"): rows["model"].map(label),
            **{name: rows[column] for name, column in figures.items()},
        }
    ).reset_index(drop=True)
