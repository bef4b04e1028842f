"""Results about recorded crime: released after the gate."""

from __future__ import annotations

import pandera.pandas as pa

from labtools.tables import vocabulary as words
from labtools.tables.schemas.columns import (
    GROUPS_ALL,
    GROUPS_SHOWN,
    JANUARY,
    MONTH,
    NOT_NEGATIVE,
    SHARE,
    count,
    date,
    figure,
    key,
    word,
)

TABLES: dict[str, dict[str, pa.Column]] = {
    "crime": {
        "colonia_id": key(),
        "group": word(GROUPS_SHOWN),
        "events": count(nullable=True),
        "events_low": count(nullable=True),
        "events_high": count(nullable=True),
        "person_years": figure(NOT_NEGATIVE),
        "rate": figure(NOT_NEGATIVE),
        "lower": figure(NOT_NEGATIVE),
        "upper": figure(NOT_NEGATIVE),
        "smoothed": figure(NOT_NEGATIVE),
        "smoothed_lower": figure(NOT_NEGATIVE),
        "smoothed_upper": figure(NOT_NEGATIVE),
        "municipality_rate": figure(NOT_NEGATIVE),
        "versus_municipality": word(words.VERSUS),
        "state": word(words.STATES),
    },
    "change": {
        "colonia_id": key(),
        "group": word(GROUPS_SHOWN),
        "before": count(nullable=True),
        "now": count(nullable=True),
        "ratio": figure(NOT_NEGATIVE),
        "lower": figure(NOT_NEGATIVE),
        "upper": pa.Column(float, NOT_NEGATIVE, nullable=True, coerce=True),
        "q_value": figure(SHARE),
        "verdict": word(words.VERDICTS),
        "state": word(words.STATES),
    },
    "place": {
        "colonia_id": key(),
        "group": word(GROUPS_SHOWN),
        "lower_share": figure(SHARE),
        "upper_share": figure(SHARE),
        "colonias": count(),
        "state": word(words.STATES),
    },
    "series": {
        "colonia_id": key(),
        "quarter": date(MONTH),
        "group": word(GROUPS_SHOWN),
        "events": count(nullable=True),
        "events_low": count(nullable=True),
        "events_high": count(nullable=True),
        "state": word(words.STATES),
    },
    "years": {
        "colonia_id": key(),
        "year": date(JANUARY),
        "events": count(nullable=True),
        "events_low": count(nullable=True),
        "events_high": count(nullable=True),
        "state": word(words.STATES),
    },
    "municipality_series": {
        "month": date(MONTH),
        "group": word((*GROUPS_ALL, words.TOTAL)),
        "events": count(nullable=True),
    },
    "municipality_crime": {
        "group": word((*GROUPS_SHOWN, words.SENSITIVE)),
        "before": count(nullable=True),
        "now": count(nullable=True),
        "rate": figure(NOT_NEGATIVE),
        "lower": figure(NOT_NEGATIVE),
        "upper": figure(NOT_NEGATIVE),
        "ratio": figure(NOT_NEGATIVE),
        "ratio_lower": figure(NOT_NEGATIVE),
        "ratio_upper": figure(NOT_NEGATIVE),
        "verdict": word(words.VERDICTS),
    },
}
