"""Models of risk, as draws: analysts."""

from __future__ import annotations

import pandera.pandas as pa

from labtools.tables.schemas.columns import GROUPS_SHOWN, NOT_NEGATIVE, count, figure, key, word

TABLES: dict[str, dict[str, pa.Column]] = {
    "risk_draws": {
        "colonia_id": key(),
        "group": word(GROUPS_SHOWN),
        "draw": count(),
        "rate": figure(NOT_NEGATIVE),
    },
}
