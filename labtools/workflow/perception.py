"""How safe people feel: official series of the city, and the lab's own survey by area."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labtools.analysis.survey import estimate_share
from labtools.settings import Settings
from labtools.tables import vocabulary as words
from labtools.tables.contracts import empty_table
from labtools.tables.periods import Window
from labtools.workflow.edition import Edition


def perception_table(
    processed: Mapping[str, pd.DataFrame], edition: Edition, settings: Settings
) -> pd.DataFrame:
    """Return the canonical table ``perception``: city, boroughs, and colonias where possible."""
    city = settings.lab.perception_city or settings.lab.municipality
    parts = [_city_shares(processed["city_perception"], city, edition.window)]
    survey = processed["survey"]
    waves = survey.loc[survey["wave"] < edition.window.end, "wave"]
    if len(waves):
        latest = survey[survey["wave"] == waves.max()]
        for indicator, answers in latest.groupby("indicator"):
            parts.append(_survey_shares(answers, str(indicator), settings, waves.max()))
    filled = [part for part in parts if len(part)]
    table = pd.concat(filled, ignore_index=True) if filled else empty_table("perception")
    return _without_withheld(table, edition)


def _city_shares(city_perception: pd.DataFrame, city: str, window: Window) -> pd.DataFrame:
    rows = city_perception[
        (city_perception["city"] == city) & (city_perception["quarter"] < window.end)
    ]
    reach = 1.96 * rows["cv"] * rows["share"]
    usable = rows["cv"].notna()
    return pd.DataFrame(
        {
            "area_kind": "city",
            "area": rows["city"],
            "indicator": rows["indicator"],
            "period": rows["quarter"],
            "share": rows["share"].where(usable),
            "lower": (rows["share"] - reach).clip(lower=0),
            "upper": (rows["share"] + reach).clip(upper=1),
            "respondents": pd.array([pd.NA] * len(rows), dtype="Int64"),
            "state": np.where(usable, words.SHOWN, "insufficient"),
            "source": "city_perception",
        }
    )


def _survey_shares(
    answers: pd.DataFrame, indicator: str, settings: Settings, wave: pd.Timestamp
) -> pd.DataFrame:
    minimum = settings.disclosure.minimum_respondents
    domains: list[tuple[str, str, pd.Series | None]] = [("city", settings.lab.municipality, None)]
    for kind, column in (("borough", "borough"), ("colonia", "colonia_id")):
        sizes = answers.loc[answers["value"].notna(), column].value_counts()
        domains += [(kind, str(a), answers[column] == a) for a in sorted(sizes.index)]
    rows = []
    for kind, area, domain in domains:
        enough = domain is None or int((domain & answers["value"].notna()).sum()) >= minimum
        share = estimate_share(answers, domain) if enough else None
        shown = share is not None and share.usable(minimum_respondents=minimum)
        rows.append(
            {
                "area_kind": kind,
                "area": area,
                "indicator": indicator,
                "period": wave,
                "share": share.share if share and shown else np.nan,
                "lower": share.lower if share and shown else np.nan,
                "upper": share.upper if share and shown else np.nan,
                "respondents": share.respondents if share and shown else None,
                "state": words.SHOWN if shown else "insufficient",
                "source": "survey",
            }
        )
    return pd.DataFrame(rows).astype({"respondents": "Int64"})


def _without_withheld(perception: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    if not edition.is_public:
        return perception
    hidden = (perception["area_kind"] == "colonia") & perception["area"].isin(edition.withheld)
    told = ["share", "lower", "upper", "respondents"]
    emptied = perception[told].mask(hidden)
    return perception.assign(
        **{name: emptied[name] for name in told},
        state=perception["state"].mask(hidden, words.SUPPRESSED),
    )
