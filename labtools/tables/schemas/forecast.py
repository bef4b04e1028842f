"""What is expected, what stood out, and how good expectations were."""

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
)

TABLES: dict[str, dict[str, pa.Column]] = {
    "forecast": {
        "colonia_id": key(),
        "month": date(MONTH),
        "group": word(GROUPS_SHOWN),
        "model": word(words.FORECASTS),
        "mean": figure(NOT_NEGATIVE),
        "lower_50": count(),
        "upper_50": count(),
        "lower_80": count(),
        "upper_80": count(),
        "lower_95": count(),
        "upper_95": count(),
    },
    "alerts": {
        "colonia_id": key(),
        "month": date(MONTH),
        "group": word(GROUPS_SHOWN),
        "model": word(words.FORECASTS),
        "observed": count(nullable=True),
        "expected": figure(NOT_NEGATIVE),
        "upper": count(),
        "p_value": figure(SHARE),
        "budget": figure(NOT_NEGATIVE),
        "complete": figure(SHARE),
        "alert": pa.Column(bool),
    },
    "scoreboard": {
        "group": word(GROUPS_SHOWN),
        "model": word(words.FORECASTS),
        "is_baseline": pa.Column(bool),
        "first_month": date(MONTH),
        "last_month": date(MONTH),
        "counts": count(),
        "log_score": figure(),
        "crps": figure(NOT_NEGATIVE),
        "dss": figure(),
        "cover_50": figure(SHARE),
        "cover_80": figure(SHARE),
        "cover_95": figure(SHARE),
        "pit_departure": figure(SHARE),
        "hit_rate": figure(SHARE),
        "accuracy_index": figure(NOT_NEGATIVE),
        "efficiency_index": figure(SHARE),
        "difference": figure(),
        "difference_lower": figure(),
        "difference_upper": figure(),
        "log_difference": figure(),
        "log_difference_lower": figure(),
        "log_difference_upper": figure(),
        "shown": pa.Column(bool),
    },
}
