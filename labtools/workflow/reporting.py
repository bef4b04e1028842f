"""What surveys say of reporting: the dated reference of the package, and the lab's own victims."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import scipy

from labtools import paths
from labtools.analysis.perception.area_shares import effective_answers
from labtools.analysis.reporting import ReportingPrior
from labtools.settings import Settings

_NATIONAL = "00"
_YEARS = 3
INDICATOR = "reported"
#: Asked of victims who denounced: whether a case file was opened.
OPENED = "file_opened"
#: Fewer answers than a survey figure needs say nothing of files: what is declared stands.
_FEWEST = 30


def reporting_prior(settings: Settings) -> ReportingPrior:
    """Return what the national survey says of this state, or of the country, at its latest."""
    told = tomllib.loads(
        paths.bundled("data", "reference", "reporting.toml").read_text(encoding="utf-8")
    )
    state = settings.lab.municipality_id[:2]
    own = [row for row in told["dark_figure"] if row["state"] == state]
    country = [row for row in told["dark_figure"] if row["state"] == _NATIONAL]
    found = max(own or country, key=lambda row: row["year"])
    declared = told["declared"]
    return ReportingPrior(
        found["unreported"],
        declared["lower"],
        declared["upper"],
        declared["spread"],
        {name: _group(told, group) for name, group in told["group"].items()},
        (_opened(told, found), declared["opened_lower"], declared["opened_upper"]),
    )


def victims_asked(survey: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """Return by colonia the ``victims`` of the survey's last three years, and who denounced.

    ``victims`` and ``reported`` are effective numbers, as a simple sample would count them:
    unequal weights and blocks that agree tell less.  ``people``: the victims who answered.
    """
    asked = _asked(survey, INDICATOR, end)
    told, _ = effective_answers(
        asked["value"], asked["weight"], asked["colonia_id"], _blocks(asked)
    )
    people = asked.groupby("colonia_id").size().reindex(told.index)
    return pd.DataFrame({"victims": told["asked"], "reported": told["yes"], "people": people})


def files_opened(survey: pd.DataFrame, end: pd.Timestamp) -> tuple[float, float]:
    """Return of how many denounced crimes a case file was opened, and how many were asked about.

    Effective numbers of the whole city, of the survey's last three years: too few victims of
    one colonia denounce to tell colonias apart.  Both zero where fewer than thirty answered.
    """
    asked = _asked(survey, OPENED, end)
    if len(asked) < _FEWEST:
        return 0.0, 0.0
    city = pd.Series("city", asked.index)
    told, _ = effective_answers(asked["value"], asked["weight"], city, _blocks(asked))
    return float(told.loc["city", "yes"]), float(told.loc["city", "asked"])


def _asked(survey: pd.DataFrame, indicator: str, end: pd.Timestamp) -> pd.DataFrame:
    first = end - pd.DateOffset(years=_YEARS)
    asked = survey[(survey["indicator"] == indicator) & survey["value"].notna()]
    asked = asked[(asked["wave"] >= first) & (asked["wave"] < end)]
    return asked[(asked["weight"] > 0) & asked["colonia_id"].notna()]


def _blocks(asked: pd.DataFrame) -> pd.Series:
    """Return whose block each answer is of: one asked again in another wave is other people."""
    return asked["cluster"].astype("str") + " " + asked["wave"].astype("str")


def _opened(told: Mapping[str, Any], found: Mapping[str, Any]) -> float:
    """Return how many of the denounced crimes have a case file: of this row, or of the country."""
    if "opened" in found:
        return float(found["opened"])
    known = [row for row in told["dark_figure"] if row["state"] == _NATIONAL and "opened" in row]
    return float(max(known, key=lambda row: row["year"])["opened"])


def _group(told: Mapping[str, Any], group: Mapping[str, Any]) -> tuple[float, float]:
    """Return how a group's log-odds of being recorded differ from those of all crime."""
    whole = {
        row["year"]: row["unreported"] for row in told["dark_figure"] if row["state"] == _NATIONAL
    }
    apart = [
        scipy.special.logit(1 - row["unreported"])
        - scipy.special.logit(1 - whole.get(row["year"], whole[min(whole)]))
        for row in told["kind"]
        if row["name"] in group["kinds"]
    ]
    return (float(np.mean(apart)) if apart else 0.0), float(group["doubt"])
