"""What surveys say of reporting: the dated reference of the package, and the lab's own victims."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from labtools import paths
from labtools.analysis.reporting import ReportingPrior
from labtools.settings import Settings

_NATIONAL = "00"
_YEARS = 3
INDICATOR = "reported"


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
    )


def victims_asked(survey: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """Return by colonia the ``victims`` of the survey's last three years, and who ``reported``."""
    first = end - pd.DateOffset(years=_YEARS)
    asked = survey[(survey["indicator"] == INDICATOR) & survey["value"].notna()]
    asked = asked[(asked["wave"] >= first) & (asked["wave"] < end)]
    by_colonia = asked.groupby("colonia_id")["value"]
    return pd.DataFrame({"victims": by_colonia.size(), "reported": by_colonia.sum()})


def _group(told: Mapping[str, Any], group: Mapping[str, Any]) -> tuple[float, float]:
    """Return how a group's log-odds of being recorded differ from those of all crime."""
    whole = {
        row["year"]: row["unreported"] for row in told["dark_figure"] if row["state"] == _NATIONAL
    }
    apart = [
        special.logit(1 - row["unreported"])
        - special.logit(1 - whole.get(row["year"], whole[min(whole)]))
        for row in told["kind"]
        if row["name"] in group["kinds"]
    ]
    return (float(np.mean(apart)) if apart else 0.0), float(group["doubt"])
