"""The rules under which a table may be released, each as a check that proves it.

What each is for, in words, stands in ``data/reference/published.toml``; which table has which
rule too.  A rule is code: a file cannot weaken it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from labtools.errors import PrivacyError
from labtools.messages import mark
from labtools.privacy.rounding import BASE
from labtools.settings import Disclosure
from labtools.tables import vocabulary as words

#: Of how many counts by colonia and month a released score is the mean, at least.
FEWEST_SCORED = 500
_MANY_SCORED = 3_000
#: Results of a programme are of at least so many colonias together.
FEWEST_POOLED = 10
#: Points of the narrowest interval that a model may show of a colonia, as a share.
_LEAST_WIDTH = 0.10
#: Width of the widest interval of fear that is a figure of a colonia, as a share; rounding of
#: its two ends to whole per cent may add one point.
_WIDEST_FEAR = 0.40 + 0.01
#: How people write, in the catalogue, that nobody saw it in its source.
_UNSEEN = r"sin verificar|no verificad|por verificar|not verified|unverified"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gate compares a table with.

    Attributes
    ----------
    withheld : frozenset of str
        Colonias below the floors: no figure of theirs may be seen.
    rules : Disclosure
        The floors in force.
    """

    withheld: frozenset[str]
    rules: Disclosure


Rule = Callable[[str, pd.DataFrame, Evidence], None]


def check_sensitive(name: str, table: pd.DataFrame) -> None:
    """Refuse a table that shows the sensitive group where the registry does not say it may.

    Raises
    ------
    PrivacyError
        With the first case, and how many.
    """
    if "group" not in table.columns:
        return
    shown = table[table["group"] == words.SENSITIVE]
    if "colonia_id" in table.columns:
        _refuse(
            name,
            shown,
            mark(
                "The table {table} shows a sensitive group by colonia ({n} cases; the first is "
                "{first}). It may be shown for the whole municipality and year only."
            ),
        )
    _refuse(
        name,
        shown,
        mark(
            "The table {table} shows the sensitive group by month ({n} cases; the first "
            "is {first}). It may be shown for the whole municipality and year only."
        ),
    )


def protect_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the scores that may be released: of many counts, and rounded.

    One event moves a mean over *n* counts by about one part in *n*; the rounding hides five
    or so, even from who knows every other count.
    """
    many = scores[scores["counts"] >= FEWEST_SCORED].reset_index(drop=True)
    figures = many.select_dtypes("float").columns
    fine = many["counts"] >= _MANY_SCORED
    rounded = many[figures].round(3).where(fine, many[figures].round(2))
    return many.assign(**{name: rounded[name] for name in figures})


def _counts_rounded(name: str, table: pd.DataFrame, evidence: Evidence) -> None:
    counts = [c for c in ("events", "before", "now") if c in table.columns]
    for column in counts:
        known = table[table[column].notna()]
        _refuse(
            name,
            known[known[column] % BASE != 0],
            mark(
                "The table {table} holds a count that was not rounded ({n} cases; the first is "
                "{first}). Make the table from the protected counts."
            ),
        )
    if "group" in table.columns and "colonia_id" in table.columns:
        allowed = (*words.GROUPS, words.TOTAL)
        _refuse(
            name,
            table[~table["group"].isin(allowed)],
            mark(
                "The table {table} shows a sensitive group by colonia ({n} cases; the first is "
                "{first}). It may be shown for the whole municipality and year only."
            ),
        )
    _withheld_empty(name, table, evidence)


def _withheld_empty(name: str, table: pd.DataFrame, evidence: Evidence) -> None:
    if "colonia_id" not in table.columns:
        return
    hidden = table[table["colonia_id"].isin(evidence.withheld)]
    periods, named = (
        {"quarter", "year"},
        {"colonia_id", "group", "indicator", "label", "unit", "source"},
    )
    described = {"state", "municipality", "municipality_rate", "person_years", "colonias"}
    judged = [c for c in ("verdict", "versus_municipality") if c in table.columns]
    figures = [c for c in table.columns if c not in {*periods, *named, *described, *judged}]
    tells = hidden[figures].notna().any(axis=1) | (hidden[judged] != "unknown").any(axis=1)
    _refuse(
        name,
        hidden[tells],
        mark(
            "The table {table} shows a figure of a colonia that is below the floor of population "
            "({n} cases; the first is {first})."
        ),
    )


def _fear_known(name: str, table: pd.DataFrame, evidence: Evidence) -> None:
    """Refuse fear of a colonia where too few were asked, and any figure where none is shown."""
    _withheld_empty(name, table, evidence)
    ends = ("fear", "fear_lower", "fear_upper")
    told = table[[*words.QUADRANTS, *ends]].notna().any(axis=1)
    judged = table["verdict"] != "unknown"
    wide = table["fear_upper"] - table["fear_lower"] > _WIDEST_FEAR + 1e-9
    _refuse(
        name,
        table[(told | judged) & ((table["state"] != words.SHOWN) | wide)],
        mark(
            "The table {table} shows an estimate from too few people ({n} cases; the first is "
            "{first})."
        ),
    )


def _enough_respondents(name: str, table: pd.DataFrame, evidence: Evidence) -> None:
    figures = [c for c in ("share", "before", "now", "lower", "upper") if c in table.columns]
    told = table[figures].notna().any(axis=1)
    enough = table["respondents"] >= evidence.rules.minimum_respondents
    modelled = table["source"] == "model"
    _model_shares_coarse(name, table[modelled & told])
    # Official series of cities come without their number of respondents.
    official = (table["area_kind"] == "city") & table["respondents"].isna()
    _refuse(
        name,
        table[told & ~(official | modelled | enough.fillna(value=False).astype(bool))],
        mark(
            "The table {table} shows an estimate from too few people ({n} cases; the first is "
            "{first})."
        ),
    )
    withheld = (table["area_kind"] == "colonia") & table["area"].isin(evidence.withheld)
    _refuse(
        name,
        table[withheld & told],
        mark(
            "The table {table} shows a figure of a colonia that is below the floor of population "
            "({n} cases; the first is {first})."
        ),
    )


def _scores_of_many(name: str, table: pd.DataFrame, _evidence: Evidence) -> None:
    _refuse(
        name,
        table[
            (table["counts"] < FEWEST_SCORED) | ~table["group"].isin((*words.GROUPS, words.TOTAL))
        ],
        mark(
            "The table {table} shows a score that rests on few counts, or of a "
            "sensitive group ({n} cases; the first is {first}). Release scores over many "
            "colonias and months only."
        ),
    )
    figures = table.select_dtypes("float").columns
    exact = (table[figures] != protect_scores(table)[figures]) & table[figures].notna()
    _refuse(
        name,
        table[exact.any(axis=1)],
        mark(
            "The table {table} shows a score more exactly than is released ({n} cases; "
            "the first is {first}). Make the table with protect_scores."
        ),
    )


def _model_shares_coarse(name: str, told: pd.DataFrame) -> None:
    """Refuse a model's share that is finer, or surer, than what a few answers may move."""
    shares = told[["share", "lower", "upper"]] * 100 if len(told) else pd.DataFrame()
    fine = (shares - shares.round()).abs().gt(1e-6).any(axis=1)
    sure = told["upper"] - told["lower"] < _LEAST_WIDTH - 1e-9
    _refuse(
        name,
        told[fine.reindex(told.index, fill_value=False) | sure],
        mark(
            "The table {table} shows a model's share of a colonia in more than whole per cent, or "
            "with an interval of less than ten points ({n} cases; the first is {first})."
        ),
    )


def _verified(name: str, table: pd.DataFrame, evidence: Evidence) -> None:
    """Refuse evidence that nobody saw in its source, and proposals where nothing is shown."""
    unseen = table["verified_on"].isna() | (table["evidence"].str.strip() == "")
    for column in ("evidence", "conflict", "caveats"):
        if column in table.columns:
            unseen |= table[column].fillna("").str.contains(_UNSEEN, case=False, regex=True)
    _refuse(
        name,
        table[unseen],
        mark(
            "The table {table} cites evidence that was not verified ({n} cases; the first "
            "is {first}). Verify it in its source and date it in interventions.toml, or "
            "leave it out."
        ),
    )
    _refuse(
        name,
        table[table["colonia_id"].isin(evidence.withheld)],
        mark(
            "The table {table} shows a figure of a colonia that is below the floor of population "
            "({n} cases; the first is {first})."
        ),
    )


def _pooled(name: str, table: pd.DataFrame, _evidence: Evidence) -> None:
    """Refuse results of so few colonias that one of them could be told."""
    counted = [c for c in ("places", "compared") if c in table.columns]
    few = (table[counted] < FEWEST_POOLED).fillna(value=False).any(axis=1)
    figures = [c for c in ("value", "lower", "upper") if c in table.columns]
    told = table[figures].notna().any(axis=1) if figures else few & False
    _refuse(
        name,
        table[few & told],
        mark(
            "The table {table} tells what came of so few colonias that one of them could be known "
            "({n} cases; the first is {first}). Evaluate more of them together."
        ),
    )


def _public_already(name: str, table: pd.DataFrame, _evidence: Evidence) -> None:
    """Refuse what an evaluation taught; names, polygons, programme and sources are public."""
    if "fact" in table.columns:
        _refuse(
            name,
            table[table["fact"].astype(str).str.startswith("learned-")],
            mark(
                "The table {table} holds what the lab learnt from true counts ({n} facts; "
                "the first is {first}). Leave it in the internal edition."
            ),
        )
        told = table["number"].notna() | table["said"].notna()
        _refuse(
            name,
            table[table["fact"].astype(str).str.startswith("recording-") & told],
            mark(
                "The table {table} holds figures of how true counts were revised ({n} facts; the "
                "first is {first}). Leave them in the internal edition."
            ),
        )


def _refuse(name: str, wrong: pd.DataFrame, sentence: str) -> None:
    if len(wrong):
        plain = wrong.drop(columns="geometry", errors="ignore")
        first = ", ".join(f"{c}={v}" for c, v in plain.iloc[0].items())
        raise PrivacyError(sentence, table=name, n=len(wrong), first=first)


#: The rule of what speaks of nobody.
BY_NATURE = "by_nature"
#: What speaks of nobody: a file cannot add to it.
PUBLIC_BY_NATURE = frozenset(
    {
        "survey_plan",
        "evaluation_facts",
        "colonias_shown",
        "actions_done",
        "unknowns",
        "sources",
        "source_files",
        "period",
        "cards",
    }
)
#: Name of a rule → the check that proves it.
CHECKS: Mapping[str, Rule] = MappingProxyType(
    {
        "rounded": _counts_rounded,
        "from_rounded": _withheld_empty,
        "floors": _withheld_empty,
        "fear": _fear_known,
        "respondents": _enough_respondents,
        "scores": _scores_of_many,
        "pooled": _pooled,
        "verified": _verified,
        BY_NATURE: _public_already,
    }
)
