"""What a programme could do where: needs, proposals, portfolio, and what could be seen."""

from __future__ import annotations

import pandera.pandas as pa

from labtools.tables.schemas.columns import (
    KEY_FORM,
    NOT_NEGATIVE,
    SHARE,
    count,
    date,
    figure,
    key,
    word,
    written,
)

NEEDS = ("crime", "fear", *(f"factor_{number}" for number in range(1, 9)))
STANDINGS = ("firm", "chosen", "alternative")
_CHANGE = pa.Check.ge(-1)

TABLES: dict[str, dict[str, pa.Column]] = {
    "needs": {
        "colonia_id": key(),
        "need": word(NEEDS),
        "indicators": written(),
        "share_lower": figure(SHARE),
        "lower": figure(SHARE),
        "upper": figure(SHARE),
        "comparables": count(nullable=True),
        "verdict": word(("above", "similar", "below", "unknown")),
    },
    "action_gaps": {
        "colonia_id": key(),
        "need": word(NEEDS),
        "gap": word(("need_without_action", "action_without_need")),
        "verdict": word(("above", "similar", "below", "unknown")),
        "times": count(),
    },
    "proposals": {
        "colonia_id": key(),
        "intervention": key(),
        "name": written(),
        "need": word(NEEDS),
        "indicators": written(),
        "agency": key(),
        "agency_name": written(),
        "strength": count(),
        "evidence": written(),
        "verified_on": date(),
        "caveats": written(),
        "conflict": written(),
        "crime_change": figure(_CHANGE),
        "crime_lower": figure(_CHANGE),
        "crime_upper": figure(_CHANGE),
        "fear_change": figure(_CHANGE),
        "fear_lower": figure(_CHANGE),
        "fear_upper": figure(_CHANGE),
        "fewer_lower": figure(),
        "fewer_upper": figure(),
        "times_done": count(),
        "standing": word(("proposed", "under_way")),
    },
    "portfolio": {
        "colonia_id": key(),
        "intervention": key(),
        "agency": pa.Column(str, pa.Check.str_matches(KEY_FORM)),
        "cost": figure(NOT_NEGATIVE),
        "averted": figure(),
        "lower": figure(),
        "upper": figure(),
        "often": figure(SHARE),
        "standing": word(STANDINGS),
    },
    "portfolio_frontier": {
        "budget": figure(NOT_NEGATIVE),
        "mean": figure(),
        "lower": figure(),
        "upper": figure(),
        "worst": figure(),
        "price": figure(),
        "actions": count(),
    },
    "portfolio_doubt": {
        "what": word(("all", "effects", "crime")),
        "worth": figure(NOT_NEGATIVE),
    },
    "allocation_if": {
        "shift": figure(),
        "grade": written(),
        "cost": figure(NOT_NEGATIVE),
        "averted": figure(),
        "per_resident": figure(NOT_NEGATIVE),
        "share": figure(SHARE),
    },
    "fairness": {
        "by": word(("grade", "size")),
        "part": written(),
        "colonias": count(),
        "residents": figure(NOT_NEGATIVE),
        "withheld": figure(SHARE),
        "year_error": figure(NOT_NEGATIVE),
        "rate_width": figure(NOT_NEGATIVE),
        "told": figure(SHARE),
        "per_resident": figure(NOT_NEGATIVE),
        "averted": figure(),
    },
    "fairness_if": {
        "shift": figure(),
        "grade": written(),
        "affected": figure(SHARE),
    },
    "entry_candidates": {
        "colonia_id": key(),
        "expected": figure(NOT_NEGATIVE),
        "lower": figure(NOT_NEGATIVE),
        "upper": figure(NOT_NEGATIVE),
        "chance": figure(SHARE),
        "count": figure(NOT_NEGATIVE),
        "fall": figure(),
        "chosen_by": written(),
    },
    "entry_rules": {
        "rule": word(("expected", "chance", "count", "rate")),
        "captured": figure(SHARE),
        "lower": figure(SHARE),
        "upper": figure(SHARE),
        "fall": figure(),
        "boroughs": count(),
    },
    "roll_out_power": {
        "months": count(),
        "per_arm": count(),
        "power": figure(SHARE),
        "assurance": figure(SHARE),
        "false_alarm": figure(SHARE),
    },
}
