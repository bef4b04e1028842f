"""What came of a programme, for all its colonias together: released after the gate."""

from __future__ import annotations

import pandera.pandas as pa

from labtools.tables.schemas.columns import count, figure, key, word, written

OUTCOMES = ("crime", "perception")
#: Designs that a protocol may name.
DESIGNS = (
    "imputed_counts",
    "group_time",
    "synthetic_control",
    "synthetic_difference",
    "micro_synthetic",
    "interrupted_series",
    "weighted_displacement",
    "randomisation",
    "spatial_permutation",
)
#: What a row of `evaluation` is of.
ASPECTS = (
    "effect",  # in the programme, beyond what was to be expected
    "beside",  # in the colonias next to it
    "before",  # in the year before the entry: near nil if the comparison is a good one
    "nothing",  # what a plain before and after says where nothing was done
    "averted",  # events or people
    "unit_cost",  # money for each
    "harm",  # the effect on events weighed by the harm that the protocol declares
    "harm_averted",  # units of that harm
    "harm_cost",  # money for each
    *(f"by_{design}" for design in DESIGNS),  # the effect by another design, which decides nothing
)
UNITS = ("percent", "points", "events", "people", "harm", "money")
EFFECT_VERDICTS = (
    "better",
    "worse",
    "too_small",
    "not_yet_known",
    "not_comparable",
    "recording_changed",
    "read_ahead",
    "none_given",
)

TABLES: dict[str, dict[str, pa.Column]] = {
    "evaluation": {
        "protocol": key(),
        "outcome": word(OUTCOMES),
        "aspect": word(ASPECTS),
        "value": figure(),
        "lower": figure(),
        "upper": figure(),
        "unit": word(UNITS),
        "places": count(nullable=True),
        "compared": count(nullable=True),
        "verdict": word(EFFECT_VERDICTS),
    },
    "evaluation_time": {
        "protocol": key(),
        "outcome": word(OUTCOMES),
        "since": count(),
        "value": figure(),
        "lower": figure(),
        "upper": figure(),
    },
    "evaluation_facts": {
        "protocol": key(),
        "fact": key(),
        "number": figure(),
        "said": written(nullable=True),
    },
}
