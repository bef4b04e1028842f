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
}
