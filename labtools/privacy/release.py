"""What may be released of each table, applied and then proven by a gate.

`protect_quarters` makes the counts that may be seen; everything else in the public edition
is computed from them.  `check_release` looks at each table again before it goes out, and
refuses a table that nobody registered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from labtools.errors import PrivacyError
from labtools.privacy.keys import Keyring
from labtools.privacy.rounding import BASE, round_counts
from labtools.settings import Disclosure
from labtools.tables import vocabulary as words

#: Variance of base-3 rounding for a remainder that is 0, 1 or 2 with equal chance.
ROUNDING_VARIANCE = 4 / 3
#: Of how many counts by colonia and month a released score is the mean, at least.
FEWEST_SCORED = 500
_MANY_SCORED = 3_000
#: How far a rounded count lies from the true one, at most.
ROUNDING_SLACK = BASE - 1
#: Results of a programme are of at least so many colonias together.
FEWEST_POOLED = 10


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


#: Points of the narrowest interval that a model may show of a colonia, as a share.
_LEAST_WIDTH = 0.10

Rule = Callable[[str, pd.DataFrame, Evidence], None]


def withheld_colonias(colonias: pd.DataFrame, rules: Disclosure) -> frozenset[str]:
    """Return the colonias about which nothing is shown: too few people or dwellings.

    A colonia whose population is not known is withheld too: nobody can say it is large enough.
    """
    small = ~(colonias["population"] >= rules.minimum_population)
    small |= colonias["dwellings"] < rules.minimum_dwellings
    return frozenset(colonias.loc[small, "colonia_id"])


def protect_quarters(
    quarters: pd.DataFrame, withheld: frozenset[str], *, key: bytes | Keyring
) -> pd.DataFrame:
    """Return the counts that may be released: keyed rounding, and withheld colonias emptied."""
    cells = quarters[["colonia_id", "quarter", "group"]]
    rounded = _rounded(quarters["events"], cells, "quarter", key, table="quarters")
    hidden = quarters["colonia_id"].isin(withheld)
    return quarters.assign(
        events=rounded.mask(hidden),
        state=quarters["state"].mask(hidden, words.SUPPRESSED),
    )


def protect_months(months: pd.DataFrame, *, key: bytes | Keyring) -> pd.DataFrame:
    """Return the municipality's monthly counts, rounded.

    The sensitive group is in it so that its twelve months can be summed; by month it is not
    released.
    """
    cells = months[["month", "group"]]
    return months.assign(events=_rounded(months["events"], cells, "month", key, table="months"))


def _rounded(
    counts: pd.Series, cells: pd.DataFrame, period: str, key: bytes | Keyring, *, table: str
) -> pd.Series:
    """Return counts rounded, each with the key of its period."""
    ring = key if isinstance(key, Keyring) else Keyring((("", key),))
    rounded = counts.astype("Int64").copy()
    for own, mine in ring.split(cells[period]):
        rounded[mine] = round_counts(counts[mine], cells[mine], key=own, table=table)
    return rounded


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


def check_release(name: str, table: pd.DataFrame, evidence: Evidence) -> str:
    """Return the rule under which `table` may be released.

    Raises
    ------
    PrivacyError
        If the table is not registered, or breaks its rule: first case, and how many.
    """
    if name not in REGISTRY:
        raise PrivacyError(
            "The table {table} is not registered for release. Only these are: {known}. Register "
            "it in privacy/release.py with its rule, or keep it internal.",
            table=name,
            known=tuple(REGISTRY),
        )
    rule, check = REGISTRY[name]
    check(name, table, evidence)
    return rule


def _counts_rounded(name: str, table: pd.DataFrame, evidence: Evidence) -> None:
    counts = [c for c in ("events", "before", "now") if c in table.columns]
    for column in counts:
        known = table[table[column].notna()]
        _refuse(
            name,
            known[known[column] % BASE != 0],
            "The table {table} holds a count that was not rounded ({n} cases; the first is "
            "{first}). Make the table from the protected counts.",
        )
    if "group" in table.columns and "colonia_id" in table.columns:
        allowed = (*words.GROUPS, words.TOTAL)
        _refuse(
            name,
            table[~table["group"].isin(allowed)],
            "The table {table} shows a sensitive group by colonia ({n} cases; the first is "
            "{first}). It may be shown for the whole municipality and year only.",
        )
    _withheld_empty(name, table, evidence)


def _months_rounded(name: str, table: pd.DataFrame, evidence: Evidence) -> None:
    _refuse(
        name,
        table[table["group"] == words.SENSITIVE],
        "The table {table} shows the sensitive group by month ({n} cases; the first is {first}). "
        "It may be shown for the whole municipality and year only.",
    )
    _counts_rounded(name, table, evidence)


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
        "The table {table} shows a figure of a colonia that is below the floor of population "
        "({n} cases; the first is {first}).",
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
        "The table {table} shows an estimate from too few people ({n} cases; the first is "
        "{first}).",
    )
    withheld = (table["area_kind"] == "colonia") & table["area"].isin(evidence.withheld)
    _refuse(
        name,
        table[withheld & told],
        "The table {table} shows a figure of a colonia that is below the floor of population "
        "({n} cases; the first is {first}).",
    )


def _scores_of_many(name: str, table: pd.DataFrame, _evidence: Evidence) -> None:
    _refuse(
        name,
        table[
            (table["counts"] < FEWEST_SCORED) | ~table["group"].isin((*words.GROUPS, words.TOTAL))
        ],
        "The table {table} shows a score that rests on few counts, or of a sensitive group ({n} "
        "cases; the first is {first}). Release scores over many colonias and months only.",
    )
    figures = table.select_dtypes("float").columns
    exact = (table[figures] != protect_scores(table)[figures]) & table[figures].notna()
    _refuse(
        name,
        table[exact.any(axis=1)],
        "The table {table} shows a score more exactly than is released ({n} cases; the first is "
        "{first}). Make the table with protect_scores.",
    )


def _model_shares_coarse(name: str, told: pd.DataFrame) -> None:
    """Refuse a model's share that is finer, or surer, than what a few answers may move."""
    shares = told[["share", "lower", "upper"]] * 100 if len(told) else pd.DataFrame()
    fine = (shares - shares.round()).abs().gt(1e-6).any(axis=1)
    sure = told["upper"] - told["lower"] < _LEAST_WIDTH - 1e-9
    _refuse(
        name,
        told[fine.reindex(told.index, fill_value=False) | sure],
        "The table {table} shows a model's share of a colonia in more than whole per cent, or "
        "with an interval of less than ten points ({n} cases; the first is {first}).",
    )


def _verified(name: str, table: pd.DataFrame, evidence: Evidence) -> None:
    """Refuse evidence that nobody saw in its source, and proposals where nothing is shown."""
    unseen = table["verified_on"].isna() | (table["evidence"].str.strip() == "")
    _refuse(
        name,
        table[unseen],
        "The table {table} cites evidence that was not verified ({n} cases; the first is {first}). "
        "Verify it in its source and date it in interventions.toml, or leave it out.",
    )
    _refuse(
        name,
        table[table["colonia_id"].isin(evidence.withheld)],
        "The table {table} shows a figure of a colonia that is below the floor of population "
        "({n} cases; the first is {first}).",
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
        "The table {table} tells what came of so few colonias that one of them could be known "
        "({n} cases; the first is {first}). Evaluate more of them together.",
    )


def _public_already(_name: str, _table: pd.DataFrame, _evidence: Evidence) -> None:
    """Hold no rule: names, polygons, programme and sources are public by nature."""


def _refuse(name: str, wrong: pd.DataFrame, sentence: str) -> None:
    if len(wrong):
        plain = wrong.drop(columns="geometry", errors="ignore")
        first = ", ".join(f"{c}={v}" for c, v in plain.iloc[0].items())
        raise PrivacyError(sentence, table=name, n=len(wrong), first=first)


def tells_of_people() -> frozenset[str]:
    """Return the registered tables that are not public by nature: each needs its card."""
    return frozenset(name for name, (_, check) in REGISTRY.items() if check is not _public_already)


#: Table → name of its rule, and the check that proves it.
REGISTRY: Mapping[str, tuple[str, Rule]] = MappingProxyType(
    {
        "crime": ("P2 rounded base 3, floors", _counts_rounded),
        "change": ("P2 rounded base 3, floors", _counts_rounded),
        "series": ("P2 rounded base 3, floors", _counts_rounded),
        "years": ("P1 rounded base 3 within what P2 allows, floors", _counts_rounded),
        "place": ("from P2, floors", _withheld_empty),
        "dark_figure": ("P2 rounded base 3, floors", _counts_rounded),
        "fear_gap": ("from P2 and survey models, floors", _withheld_empty),
        "survey_plan": ("public by nature", _public_already),
        "indicators": ("official census and indices, floors", _withheld_empty),
        "municipality_series": ("P4 rounded base 3, sensitive by year only", _months_rounded),
        "municipality_crime": ("P4 rounded base 3", _counts_rounded),
        "perception": ("survey estimates with enough respondents", _enough_respondents),
        "perception_change": ("survey estimates with enough respondents", _enough_respondents),
        "scoreboard": ("scores over many colonias and months", _scores_of_many),
        "evaluation": ("pooled, from P2 and enough respondents", _pooled),
        "evaluation_time": ("pooled, from P2 and enough respondents", _pooled),
        "evaluation_facts": ("the protocol, public by nature", _public_already),
        "colonias_shown": ("public by nature", _public_already),
        "actions_done": ("public by nature", _public_already),
        "proposals": ("from protected counts, verified evidence only, floors", _verified),
        "unknowns": ("public by nature", _public_already),
        "sources": ("public by nature", _public_already),
        "period": ("public by nature", _public_already),
        "cards": ("public by nature", _public_already),
    }
)
