"""What people feel: the lab's own survey, and INEGI's city estimates (ENSU)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from labtools.errors import SourceError
from labtools.findings import Finding
from labtools.messages import mark
from labtools.sources.descriptor import Question
from labtools.sources.figures import (
    coefficients,
    measures,
    missing_by_reason,
    percentages,
    row_in_file,
)
from labtools.sources.files import require_columns
from labtools.sources.protocol import (
    Cleaned,
    Intake,
    accounted,
    cut_short,
    dates,
    fold_text,
    keys,
    read_rows,
    require_some_valid,
    tidy,
)
from labtools.sources.repeats import one_spelling, refuse_pasted, repeated_rows
from labtools.sources.second_look import faults_of_shares, refuse_exchanged

#: From so many respondents on, a question that nobody answered is a slip.
_MANY = 20
#: Of so many keys of colonias one at least is a key, or names were given in their place.
_SOME_KEYS = 5
#: Above this share, words among codes are no answers that somebody typed in by hand.
_WORDS = 0.05
_DAYS = "%Y-%m-%d"
_NO_WAVE = mark(
    "{path}, column “{column}”: none of the {n} cells is a month written like 2025-11; the "
    "first is “{value}”. Ask for the wave as year and month, or correct the column."
)
_NO_KEY = mark(
    "{path}, column “{column}”: none of its {n} cells is a key of a colonia; the first is "
    "“{value}”. Ask for the key that the register has beside the name, or correct the column."
)
#: A number after the year that no quarter has.
_MONTH_NUMBER = r"\d{4}[-/. ](?:0?[5-9]|1[0-2])"
_NO_QUARTER = mark(
    "{path}, column “{column}”: none of the {n} cells is a quarter written like 2025-T3; "
    "the first is “{value}”. Ask for year and quarter in one column, or correct it."
)


def clean_survey(intake: Intake) -> Cleaned:
    """Return the canonical table ``survey``: one row for each respondent and indicator.

    A code that is neither yes nor no (9 "no sabe", blank) is missing, unless the descriptor
    counts it; its tokens stand for a question that was not asked.  A respondent without weight,
    stratum or cluster cannot stand for anybody and is rejected, and so is one whose wave is not
    a month.  Microdata of a survey of cities know neither colonia nor borough: a descriptor that
    names none leaves them missing.  Their wave is written as `date_format` says.

    Raises
    ------
    SourceError
        If no answer to a question is among its codes, or a block of rows was pasted twice.
    """
    rows = read_rows(intake, "wave", "stratum", "cluster", "weight")
    questions = _asked(intake, rows.cells)
    require_columns(intake.path, rows.cells, {q.indicator: q.column for q in questions})
    refuse_pasted(intake, rows.cells)
    people, not_a_key = _respondents(intake, rows.cells)
    reasons = cut_short(rows.cells)
    reasons[people["wave"] > intake.cutoff] = "after_cutoff"
    reasons[people["wave"].isna()] = "wave_not_valid"
    told = rows.cells[intake.descriptor.column("wave")]
    require_some_valid(intake, "wave", told, people["wave"].notna(), _NO_WAVE)
    _refuse_unknown_codes(intake, rows.cells, questions)
    whole = (people["weight"] > 0) & people[["stratum", "cluster"]].notna().all(axis=1)
    reasons[~whole] = "no_weight_or_design"
    kept, head = rows.cells[reasons.isna()], people[reasons.isna()].reset_index(drop=True)
    parts = []
    for question in questions:
        code = _codes(kept[question.column])
        value = np.where(
            code.isin(question.yes), 1.0, np.where(code.isin(question.no), 0.0, np.nan)
        )
        parts.append(head.assign(indicator=question.indicator, value=value))
    undeclared = _undeclared(intake, kept, questions)
    changed = {"key_not_valid": not_a_key, "code_not_declared": undeclared}
    for question in questions:
        coded = {*question.yes, *question.no}
        for why, n in missing_by_reason(intake, kept, [question.column], coded).items():
            changed[why] = changed.get(why, 0) + n
    account = accounted(intake, rows, reasons, changed)
    return Cleaned({"survey": pd.concat(parts, ignore_index=True)}, account)


def clean_city_perception(intake: Intake) -> Cleaned:
    """Return the canonical table ``city_perception`` of a file with percentages and their CV.

    Raises
    ------
    SourceError
        If a figure is no percentage, its coefficient of variation cannot be true, one city's
        quarter has two, or the file shows another of the faults of `faults_of_shares`; all of
        them are told at once.
    """
    faults = faults_of_shares(intake.path, intake.descriptor.file)
    try:
        cleaned = _city_perception(intake)
    except SourceError as first:
        if not faults:
            raise
        raise _refused(intake, str(first), faults) from first
    if faults:
        raise _refused(intake, "", faults)
    return cleaned


def _refused(intake: Intake, first: str, faults: tuple[Finding, ...]) -> SourceError:
    told = [*([first.rstrip(".")] if first else []), *(str(fault) for fault in faults)]
    return SourceError(
        "{path} is not read, for {n} reasons: {reasons}. Ask the publisher for the estimates "
        "themselves, with their coefficients of variation.",
        path=intake.path.name,
        n=len(told),
        reasons="; ".join(f"({at}) {reason}" for at, reason in enumerate(told, 1)),
    )


def _city_perception(intake: Intake) -> Cleaned:
    rows = read_rows(intake, "quarter", "city", "indicator", "percent", "cv")
    column = intake.descriptor.column
    quarter = rows.cells[column("quarter")].str.strip().str.extract(r"^(\d{4})\D+([1-4])$")
    reasons = cut_short(rows.cells)
    named = [tidy(rows.cells[column(name)]).notna() for name in ("city", "indicator")]
    reasons[~(named[0] & named[1])] = "no_city_or_indicator"
    reasons[quarter.isna().any(axis=1)] = "quarter_not_valid"
    told = rows.cells[column("quarter")]
    require_some_valid(intake, "quarter", told, quarter.notna().all(axis=1), _NO_QUARTER)
    _refuse_months(intake, told)
    start = _quarter_start(*(quarter[part].dropna().astype(int) for part in (0, 1)))
    reasons[start.index[start > intake.cutoff]] = "after_cutoff"
    percent, cv = column("percent"), column("cv")
    series = fold_text(rows.cells[column("city")] + rows.cells[column("indicator")])
    shares = percentages(intake, rows.cells, percent, series)
    errors = coefficients(intake, rows.cells, cv, shares)
    described = [column(name) for name in ("quarter", "city", "indicator")]
    whole = rows.cells.loc[reasons.isna(), [*described, percent, cv]]
    reasons[whole.index[repeated_rows(intake, whole, [percent, cv])]] = "row_repeated"
    kept = rows.cells[reasons.isna()]
    city, unified = one_spelling(tidy(kept[column("city")]))
    table = pd.DataFrame(
        {
            "city": city,
            "indicator": tidy(kept[column("indicator")]).replace({"inseguridad": "insecurity"}),
            "quarter": start[kept.index],
            "share": shares[kept.index],
            "cv": errors[kept.index],
        }
    ).reset_index(drop=True)
    unsafe = table["share"].where(fold_text(table["indicator"]).str.match("insegur|insecur"))
    refuse_exchanged(intake.path.name, unsafe, table["quarter"].dt.to_period("Q"))
    why = missing_by_reason(intake, kept, [percent, cv])
    account = accounted(intake, rows, reasons, {"spelling_unified": unified, **why})
    return Cleaned({"city_perception": table}, account)


def _of_words(intake: Intake) -> Intake:
    """Return an intake without tokens of digits: a weight of 9 is no answer that is missing."""
    tokens = {it: why for it, why in intake.descriptor.tokens.items() if not it.isdecimal()}
    return replace(intake, descriptor=intake.descriptor.model_copy(update={"tokens": tokens}))


def _refuse_months(intake: Intake, told: pd.Series) -> None:
    """Refuse months (2024-7) in the place of quarters: the first four would pass for quarters."""
    months = told[told.str.strip().str.fullmatch(_MONTH_NUMBER).fillna(value=False).astype(bool)]
    if len(months):
        raise SourceError(
            "{path}, column “{column}”: “{value}” in row {row} is no quarter but probably a month "
            "({n} such cells). Ask for year and quarter in one column, as 2025-T3.",
            path=intake.path.name,
            column=intake.descriptor.column("quarter"),
            value=str(months.iloc[0]),
            row=row_in_file(intake, months.index[0]),
            n=len(months),
        )


def _respondents(intake: Intake, cells: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    column = intake.descriptor.column
    colonia_id, not_a_key = keys(_of_area(cells, column("colonia_id")))
    named = tidy(_of_area(cells, column("colonia_id"))).dropna()
    if len(named) >= _SOME_KEYS:
        require_some_valid(intake, "colonia_id", named, colonia_id[named.index].notna(), _NO_KEY)
    people = pd.DataFrame(
        {
            "respondent": intake.source + "-" + cells.index.to_series().astype(str),
            "wave": _months(cells[column("wave")], intake.descriptor.date_format),
            "colonia_id": colonia_id,
            "borough": one_spelling(tidy(_of_area(cells, column("borough"))))[0],
            "stratum": tidy(cells[column("stratum")]),
            "cluster": tidy(cells[column("cluster")]),
            "weight": measures(_of_words(intake), cells, column("weight")),
        }
    )
    return people, not_a_key


def _months(cells: pd.Series, form: str) -> pd.Series:
    """Return the first day of each wave's month: 2024-06, or as INEGI writes it, 0624 (%m%y)."""
    written = cells.str.strip()
    if form != _DAYS:
        return dates(written, form)
    return dates(written.str.slice(0, 7) + "-01", form)


def _of_area(cells: pd.DataFrame, column: str) -> pd.Series:
    return cells[column] if column else pd.Series(None, cells.index, dtype="str")


def _codes(cells: pd.Series) -> pd.Series:
    """Return codes of answers; a program that took them for numbers left “.0” behind."""
    return cells.str.strip().str.replace(r"^(\d+)\.0$", r"\1", regex=True)


def _asked(intake: Intake, cells: pd.DataFrame) -> tuple[Question, ...]:
    """Return the questions that this file must answer, and those it may lack and does not."""
    return tuple(
        one
        for one in intake.descriptor.question
        if not one.may_lack
        or (one.column in cells and _codes(cells[one.column]).fillna("").ne("").any())
    )


def _refuse_unknown_codes(
    intake: Intake, cells: pd.DataFrame, questions: tuple[Question, ...]
) -> None:
    for question in questions:
        code = _codes(cells[question.column])
        known = code.isin([*question.yes, *question.no])
        not_asked = code.isin(["", *intake.descriptor.tokens])
        if len(cells) >= _MANY and not (known & ~not_asked).any():
            raise SourceError(
                "{path}, column “{column}”: none of its {n} answers is one of the codes {codes}; "
                "the first is “{value}”. Correct the codes of the question in the descriptor.",
                path=intake.path.name,
                column=question.column,
                n=len(cells),
                codes=(*question.yes, *question.no),
                value=str(code.fillna("").iloc[0]),
            )
        _refuse_words(intake, question, code, known | not_asked)
        _refuse_undeclared(intake, question, code, known | not_asked)


def _undeclared(intake: Intake, cells: pd.DataFrame, questions: tuple[Question, ...]) -> int:
    """Return how many answers are codes that the descriptor does not declare."""
    declared = ["", *intake.descriptor.tokens]
    told = [
        ~_codes(cells[it.column]).fillna("").isin([*it.yes, *it.no, *declared]) for it in questions
    ]
    return int(sum(one.sum() for one in told))


def _refuse_undeclared(
    intake: Intake, question: Question, code: pd.Series, known: pd.Series
) -> None:
    """Refuse a question of which too many answers are codes that nobody declared (02 for 2)."""
    lost = code[~known & code.notna()]
    if len(code) >= _MANY and len(lost) > _WORDS * len(code):
        raise SourceError(
            "{path}, column “{column}”: {n} answers are codes that nobody declared, the first "
            "“{value}” in row {row}; they would be lost and the others would speak for them. "
            "Write under “tokens” in lab.toml why such an answer is missing, or correct the codes "
            "of the question in the descriptor.",
            path=intake.path.name,
            column=question.column,
            n=len(lost),
            value=str(lost.iloc[0]),
            row=row_in_file(intake, lost.index[0]),
        )


def _refuse_words(intake: Intake, question: Question, code: pd.Series, known: pd.Series) -> None:
    """Refuse a question that some rows answer with codes and many others with words."""
    coded = {*question.yes, *question.no} - {"", *intake.descriptor.tokens}
    digits = all(one.isdecimal() for one in coded)
    words = code[
        ~known & code.str.contains(r"[^\W\d_]", regex=True).fillna(value=False).astype(bool)
    ]
    if digits and len(code) >= _MANY and len(words) > _WORDS * len(code):
        raise SourceError(
            "{path}, column “{column}”: {n} answers are words in place of the codes {codes}, the "
            "first “{value}” in row {row}; they would be lost and the others would speak for them. "
            "Ask for all answers as codes, or correct the codes of the question in the descriptor.",
            path=intake.path.name,
            column=question.column,
            n=len(words),
            codes=(*question.yes, *question.no),
            value=str(words.iloc[0]),
            row=row_in_file(intake, words.index[0]),
        )


def _quarter_start(year: pd.Series, quarter: pd.Series) -> pd.Series:
    return pd.to_datetime({"year": year, "month": 3 * quarter - 2, "day": 1})
