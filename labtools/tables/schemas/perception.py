"""What people feel: the city's published figures, and estimates by area."""

from __future__ import annotations

import pandera.pandas as pa

from labtools.tables import vocabulary as words
from labtools.tables.schemas.columns import (
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
}
