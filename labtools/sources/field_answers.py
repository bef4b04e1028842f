"""Answers of a field survey, with the design by which each respondent stands for others.

Telephones send answers and the number of the visit; the sample says of each visit its stratum,
cluster and weight.  Answers without a visit of the sample stand for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from labtools.errors import SourceError
from labtools.findings import Finding, Severity
from labtools.messages import plural
from labtools.sources.field_forms import FieldForm
from labtools.sources.files import require_columns
from labtools.sources.protocol import tidy
from labtools.tables.account import Account

#: What the sample says of each visit.
DESIGN = ("visit", "colonia_id", "borough", "stratum", "cluster", "weight")
_WAVE = r"^\d{4}-(0[1-9]|1[0-2])$"


@dataclass(frozen=True, slots=True)
class Answered:
    """Answers that stand for somebody.

    Attributes
    ----------
    table : pandas.DataFrame
        One row for each respondent: ``wave``, the design, and the questions, all as text; the
        file of a source of kind ``survey``.
    account : Account
        Answers read = kept + rejected by reason.
    findings : tuple of Finding
        Strata for which nobody answered, and how many did not.
    """

    table: pd.DataFrame
    account: Account
    findings: tuple[Finding, ...]


def with_design(
    form: FieldForm, answers: pd.DataFrame, sample: pd.DataFrame, *, sent: Path, listed: Path
) -> Answered:
    """Return the answers with the design of their visits.

    The weights of visits without an answer are shared out among those of their stratum that have
    one, so that each stratum stands for as many people as before (weighting classes: who did not
    answer is taken to be like who did, within the stratum, and it is said how many they were).

    Parameters
    ----------
    answers, sample : pandas.DataFrame
        Cells as text, read from the files `sent` and `listed`.

    Raises
    ------
    SourceError
        If a column is missing, a visit stands twice in the sample, or its weight is no number
        above zero; or if no answer has a visit of the sample.

    References
    ----------
    Kalton & Flores-Cervantes (2003), "Weighting methods", Journal of Official Statistics 19(2).
    """
    names = ["visit", "wave", *(asked.name for asked in form.question)]
    answers = answers.rename(columns=lambda name: str(name).rsplit("/", 1)[-1])
    require_columns(sent, answers, {name: name for name in names})
    require_columns(listed, sample, {name: name for name in DESIGN})
    design = _design(sample, listed)
    visit = tidy(answers["visit"])
    reasons = pd.Series(None, index=answers.index, dtype="object")
    reasons[visit.duplicated() & visit.notna()] = "visit_repeated"
    reasons[~answers["wave"].str.strip().str.fullmatch(_WAVE).fillna(value=False).astype(bool)] = (
        "wave_not_valid"
    )
    reasons[~visit.isin(design.index)] = "visit_not_in_sample"
    kept = answers[reasons.isna()]
    _require_some(sent, listed, len(kept), len(answers))
    chosen = design.loc[visit[kept.index]].set_axis(kept.index, axis=0)
    weight = _shared_out(design, chosen)
    table = pd.concat([kept["wave"].str.strip(), chosen, kept[names[2:]]], axis=1)
    table["weight"] = weight.map("{:.6f}".format)
    account = Account(
        "survey",
        form.id,
        read=len(answers),
        kept=len(kept),
        rejected={str(reason): int(n) for reason, n in reasons.value_counts().items()},
    )
    return Answered(table.reset_index(drop=True), account, _findings(form, design, chosen))


def _design(sample: pd.DataFrame, listed: Path) -> pd.DataFrame:
    design = sample[list(DESIGN)].apply(tidy)
    weight = pd.to_numeric(design["weight"], errors="coerce")
    wrong = design.isna().drop(columns=["colonia_id", "borough"]).any(axis=1) | ~(weight > 0)
    wrong |= design["visit"].duplicated()
    if wrong.any():
        first = wrong.idxmax()
        raise SourceError(
            "{path}, row {row}: each visit of the sample needs a number of its own, a stratum, a "
            "cluster and a weight above zero; “{visit}” has not ({n} rows). Correct the sample.",
            path=listed.name,
            row=int(first) + 2,
            visit=str(sample.loc[first, "visit"]),
            n=int(wrong.sum()),
        )
    return design.assign(weight=weight).set_index("visit")


def _require_some(sent: Path, listed: Path, kept: int, read: int) -> None:
    if not kept:
        raise SourceError(
            "{path}: none of its {n} answers has a visit of {sample}. Is it the sample of another "
            "wave? Look at the numbers of the visits in both files.",
            path=sent.name,
            n=read,
            sample=listed.name,
        )


def _shared_out(design: pd.DataFrame, chosen: pd.DataFrame) -> pd.Series:
    """Return the weights of those who answered, which add up to those of their whole stratum."""
    everybody = design.groupby("stratum")["weight"].sum()
    answered = chosen.groupby("stratum")["weight"].transform("sum")
    return chosen["weight"] * chosen["stratum"].map(everybody) / answered


def _findings(form: FieldForm, design: pd.DataFrame, chosen: pd.DataFrame) -> tuple[Finding, ...]:
    found = []
    silent = sorted(set(design["stratum"]) - set(chosen["stratum"]))
    if silent:
        sentence = plural(
            "{form}: nobody answered in the stratum {first}, for which the survey cannot speak.",
            "{form}: nobody answered in {n} strata, for which the survey cannot speak; the first "
            "is {first}.",
        )
        facts = {"form": form.title, "n": len(silent), "first": silent[0]}
        found.append(Finding(sentence, Severity.CAUTION, facts))
    missing = len(design) - len(chosen)
    if missing:
        sentence = plural(
            "{form}: one visit of {visits} has no answer; those of its stratum stand for it.",
            "{form}: {n} visits of {visits} have no answer; those of their strata stand for them.",
        )
        facts = {"form": form.title, "n": missing, "visits": len(design)}
        found.append(Finding(sentence, Severity.NOTE, facts))
    return tuple(found)
