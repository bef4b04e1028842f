"""What people feel: the city's published figures, and estimates by area."""

from __future__ import annotations

import pandera.pandas as pa

from labtools.tables import vocabulary as words
from labtools.tables.schemas.columns import (
    GROUPS_SHOWN,
    MONTH,
    NOT_NEGATIVE,
    SHARE,
    count,
    date,
    figure,
    key,
    word,
    written,
)

CHANGE = pa.Check.in_range(-1, 1)

TABLES: dict[str, dict[str, pa.Column]] = {
    "city_perception": {
        "city": written(),
        "indicator": key(),
        "quarter": date(MONTH),
        "share": figure(SHARE),
        "cv": figure(NOT_NEGATIVE),
    },
    "perception": {
        "area_kind": word(("colonia", "borough", "city")),
        "area": written(),
        "indicator": key(),
        "period": date(MONTH),
        "share": figure(SHARE),
        "lower": figure(SHARE),
        "upper": figure(SHARE),
        "respondents": count(nullable=True),
        "state": word((*words.STATES, "insufficient")),
        "source": key(),
    },
    "perception_change": {
        "area_kind": word(("borough", "city")),
        "area": written(),
        "indicator": key(),
        "before_period": date(MONTH),
        "period": date(MONTH),
        "before": figure(SHARE),
        "now": figure(SHARE),
        "difference": figure(CHANGE),
        "lower": figure(),
        "upper": figure(),
        "q_value": figure(SHARE),
        "verdict": word(words.VERDICTS),
        "respondents": count(nullable=True),
        "state": word((*words.STATES, "insufficient")),
        "source": key(),
    },
    "dark_figure": {
        "colonia_id": key(),
        "group": word(GROUPS_SHOWN),
        "events": count(nullable=True),
        "reporting": figure(SHARE),
        "reporting_lower": figure(SHARE),
        "reporting_upper": figure(SHARE),
        "probable": figure(NOT_NEGATIVE),
        "lower": figure(NOT_NEGATIVE),
        "upper": figure(NOT_NEGATIVE),
        "rate": figure(NOT_NEGATIVE),
        "rate_lower": figure(NOT_NEGATIVE),
        "rate_upper": figure(NOT_NEGATIVE),
        "basis": written(nullable=True),
        "state": word(words.STATES),
    },
    "fear_gap": {
        "colonia_id": key(unique=True),
        "both_high": figure(SHARE),
        "fear_only": figure(SHARE),
        "crime_only": figure(SHARE),
        "both_low": figure(SHARE),
        "crime_ratio": figure(NOT_NEGATIVE),
        "crime_lower": figure(NOT_NEGATIVE),
        "crime_upper": figure(NOT_NEGATIVE),
        "fear": figure(SHARE),
        "fear_lower": figure(SHARE),
        "fear_upper": figure(SHARE),
        "verdict": word((*words.QUADRANTS, "none", "unknown")),
        "state": word(words.STATES),
    },
    "survey_plan": {
        "area_kind": word(("colonia", "city")),
        "area": written(),
        "indicator": key(),
        "people_precise": figure(NOT_NEGATIVE),
        "clusters_precise": figure(NOT_NEGATIVE),
        "people_caution": figure(NOT_NEGATIVE),
        "clusters_caution": figure(NOT_NEGATIVE),
        "reachable": pa.Column(bool),
    },
    "priority_shift": {
        "colonia_id": key(unique=True),
        "before": figure(SHARE),
        "after": figure(SHARE),
        "in_before": pa.Column(bool),
        "in_after": pa.Column(bool),
    },
    "priority_sensitivity": {
        "scenario": key(),
        "listed": count(),
        "stay": count(),
        "overlap": figure(SHARE),
    },
}
