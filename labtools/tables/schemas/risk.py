"""Models of risk, as draws: analysts."""

from __future__ import annotations

import pandera.pandas as pa

from labtools.tables.schemas.columns import (
    GROUPS_SHOWN,
    NOT_NEGATIVE,
    SHARE,
    count,
    figure,
    key,
    word,
)

TABLES: dict[str, dict[str, pa.Column]] = {
    "risk_ranks": {
        "colonia_id": key(),
        "group": word(GROUPS_SHOWN),
        "chance_among_most": figure(SHARE),
        "most": count(),
        "lower_share": figure(SHARE),
        "upper_share": figure(SHARE),
        "tier": count(nullable=True),
    },
    "risk_draws": {
        "colonia_id": key(),
        "group": word(GROUPS_SHOWN),
        "draw": count(),
        "rate": figure(NOT_NEGATIVE),
    },
}
