"""Models of risk, as draws: analysts."""

from __future__ import annotations

import pandera.pandas as pa

from labtools.tables import vocabulary as words
from labtools.tables.schemas.columns import (
    GROUPS_SHOWN,
    NOT_NEGATIVE,
    SHARE,
    count,
    figure,
    key,
    word,
    written,
)

TABLES: dict[str, dict[str, pa.Column]] = {
    "risk_draws": {
        "colonia_id": key(),
        "group": word(GROUPS_SHOWN),
        "draw": count(),
        "rate": figure(NOT_NEGATIVE),
    },
    "risk_ranks": {
        "colonia_id": key(),
        "group": word(GROUPS_SHOWN),
        "chance_among_most": figure(SHARE),
        "most": count(),
        "lower_share": figure(SHARE),
        "upper_share": figure(SHARE),
        "tier": count(nullable=True),
    },
    "risk_change": {
        "colonia_id": key(),
        "group": word(GROUPS_SHOWN),
        "span": count(),
        "observed": count(nullable=True),
        "expected": figure(NOT_NEGATIVE),
        "lower": figure(NOT_NEGATIVE),
        "upper": figure(NOT_NEGATIVE),
        "ratio": figure(NOT_NEGATIVE),
        "ratio_lower": figure(NOT_NEGATIVE),
        "ratio_upper": figure(NOT_NEGATIVE),
        "q_value": figure(SHARE),
        "verdict": word(words.VERDICTS),
        "complete": figure(SHARE),
    },
    "risk_clusters": {
        "colonia_id": key(),
        "group": word(GROUPS_SHOWN),
        "z": figure(),
        "q_value": figure(SHARE),
        "kind": word(words.GATHERINGS),
        "likeness": word(words.LIKENESS),
        "in_scan_cluster": pa.Column(bool),
    },
    "risk_gathering": {
        "group": word(GROUPS_SHOWN),
        "statistic": figure(),
        "expected": figure(),
        "z": figure(),
        "p_value": figure(SHARE),
        "q_value": figure(SHARE),
    },
    "risk_emerging": {
        "cluster": count(),
        "colonia_id": key(),
        "months": count(),
        "observed": count(),
        "expected": figure(NOT_NEGATIVE),
        "ratio": figure(NOT_NEGATIVE),
        "p_value": figure(SHARE),
    },
    "factors": {
        "group": word(GROUPS_SHOWN),
        "indicator": key(),
        "official_factor": written(nullable=True),
        "ratio": figure(NOT_NEGATIVE),
        "lower": figure(NOT_NEGATIVE),
        "upper": figure(NOT_NEGATIVE),
        "without_map": figure(NOT_NEGATIVE),
        "unshared": figure(NOT_NEGATIVE),
        "q_value": figure(SHARE),
        "inflation": figure(NOT_NEGATIVE),
        "missing": count(),
        "reading": word(words.READINGS),
    },
    "factor_contributions": {
        "colonia_id": key(),
        "group": word(GROUPS_SHOWN),
        "indicator": key(),
        "trait": figure(),
        "contribution": figure(),
    },
}
