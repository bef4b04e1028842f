"""How crime is spread over places, years and hours: internal."""

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
    "concentration": {
        "group": word(GROUPS_SHOWN),
        "year_start": date(MONTH),
        "exposure": word((words.BY_PLACE, words.BY_RESIDENTS)),
        "gini": figure(SHARE),
        "chance": figure(SHARE),
        "chance_lower": figure(SHARE),
        "chance_upper": figure(SHARE),
        "excess": figure(),
        "p_value": figure(SHARE),
        "half_in": figure(SHARE),
    },
    "persistence": {
        "colonia_id": key(unique=True),
        "kind": word(words.PERSISTENCE),
        "found": figure(NOT_NEGATIVE),
        "by_chance": figure(NOT_NEGATIVE),
        "alike": figure(NOT_NEGATIVE),
        "years": count(),
    },
    "exposures": {
        "colonia_id": key(),
        "group": word(GROUPS_SHOWN),
        "exposure": word(words.EXPOSURES),
        "relative": figure(NOT_NEGATIVE),
        "verdict": word(words.VERSUS),
        "agrees": pa.Column(bool),
    },
    "hours": {
        "group": word(GROUPS_SHOWN),
        "hour": pa.Column(int, pa.Check.in_range(0, 23), coerce=True),
        "events": figure(NOT_NEGATIVE),
        "share": figure(SHARE),
        "lower": figure(SHARE),
        "upper": figure(SHARE),
        "unknown_share": figure(SHARE),
    },
}
