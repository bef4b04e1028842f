"""Subjects that no rule names: what persons decided, then what the text model is sure of.

The model learns from the subjects that rules and persons have coded.  It never codes below the
declared confidence, nor gives a colonia figure to what may be a sensitive crime; all else
stays "not yet classified" and waits for a person, the most useful subjects first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from labtools.classify.crosswalk import fold_subject
from labtools.classify.text_model import (
    TextModel,
    deciding_words,
    fit_text_model,
    predict_codes,
    probabilities,
)
from labtools.errors import AnalysisError, TableError
from labtools.tables import vocabulary as words
from labtools.tables.contracts import empty_table

#: A subject that may be a sensitive crime by more than this is never coded as another.
_MAY_BE_SENSITIVE = 0.02
#: So many coded texts are learnt from (enough, and quick), and so many that wait are explained.
_LEARNT, _EXPLAINED = 3_000, 500


@dataclass(frozen=True, slots=True)
class Coded:
    """Codes of subjects.

    Attributes
    ----------
    codes : pandas.DataFrame
        Aligned with the subjects: ``crime_code``, ``crime_group``, ``code_origin`` and
        ``code_confidence`` (of the text model; missing where it said nothing).
    queue : pandas.DataFrame
        Canonical table ``coding_queue``.
    """

    codes: pd.DataFrame
    queue: pd.DataFrame


def code_unnamed(
    subjects: pd.Series,
    codes: pd.DataFrame,
    *,
    groups: Mapping[str, str],
    codings: pd.DataFrame,
    confidence: float,
) -> Coded:
    """Complete the codes that rules gave (`codes`, of `classify_subjects`).

    Parameters
    ----------
    groups : mapping of str to str
        Crime code → group.
    codings : pandas.DataFrame
        Canonical table ``codings``.
    confidence : float
        Declared share of what the model codes that must be right.

    Raises
    ------
    TableError
        If a person gave a code that is none of ours.
    """
    strange = codings.loc[~codings["crime_code"].isin(list(groups)), "crime_code"]
    if len(strange):
        raise TableError(
            "{n} codings give a code that crime_codes.toml does not have; the first is {code}. "
            "Correct it in the file of codings.",
            n=len(strange),
            code=str(strange.iloc[0]),
        )
    table = pd.DataFrame(
        {"subject": subjects.map(fold_subject, na_action="ignore"), "code": codes["crime_code"]}
    )
    table["origin"] = table["code"].ne(words.UNCLASSIFIED).map({True: "rule", False: "nobody"})
    nobody = table["origin"] == "nobody"
    decided = table["subject"].map(agreed_codes(codings)).astype("str").where(nobody)
    table.loc[decided.notna(), "origin"] = "person"
    table["code"] = decided.fillna(table["code"])
    open_ = table.loc[table["origin"] == "nobody", "subject"].value_counts()
    model = _learned(table)
    said = _said(model, pd.Series(open_.index), groups, confidence)
    sure = said.loc[said["sure"].astype(bool), "code"]
    by_model = table["subject"].map(sure).astype("str").where(table["origin"] == "nobody")
    table.loc[by_model.notna(), "origin"] = "text_model"
    table["code"] = by_model.fillna(table["code"])
    score = table["subject"].map(said["confidence"].astype(float))
    done = pd.DataFrame(
        {
            "crime_code": table["code"].astype("str"),
            "crime_group": table["code"].map(dict(groups)).astype("str"),
            "code_origin": table["origin"].astype("str"),
            "code_confidence": score.where(table["origin"].isin(["text_model", "nobody"])),
        },
        index=subjects.index,
    )
    written = subjects.groupby(table["subject"]).first()
    return Coded(done, _queue(said, written, open_, model))


def agreed_codes(codings: pd.DataFrame) -> pd.Series:
    """Return folded subject → the code that every person who coded it gave."""
    folded = codings["subject"].map(fold_subject)
    each = codings["crime_code"].groupby(folded)
    return each.min()[each.min() == each.max()]


def _learned(table: pd.DataFrame) -> TextModel | None:
    known = table[table["origin"].isin(["rule", "person"])].drop_duplicates("subject")
    known = known.dropna(subset=["subject"])
    if not (table["origin"] == "nobody").any():
        return None
    if len(known) > _LEARNT:
        order = pd.util.hash_pandas_object(known["subject"], index=False).argsort()
        known = known.iloc[order[:_LEARNT]]
    try:
        return fit_text_model(known["subject"], known["code"])
    except AnalysisError:
        return None  # too few coded subjects to learn from: all wait for a person


def _said(
    model: TextModel | None, subjects: pd.Series, groups: Mapping[str, str], confidence: float
) -> pd.DataFrame:
    """Return what the model says of each subject (the index)."""
    columns = ["code", "confidence", "second", "sure"]
    if model is None or subjects.empty:
        blank = pd.DataFrame(index=pd.Index(subjects, name="subject"), columns=columns)
        return blank.assign(sure=False)
    said = predict_codes(model, subjects, confidence=confidence)
    sensitive = [code for code in model.classes if groups[code] == words.SENSITIVE]
    danger = probabilities(model, subjects)[sensitive].sum(axis=1)
    is_sensitive = said["code"].isin(sensitive)
    said["sure"] &= is_sensitive | (danger <= _MAY_BE_SENSITIVE)
    return said.set_index(pd.Index(subjects, name="subject"))[columns]


def _queue(
    said: pd.DataFrame, written: pd.Series, events: pd.Series, model: TextModel | None
) -> pd.DataFrame:
    """Return the subjects that wait, those first whose answer tells most: many and doubtful.

    The words that decided are looked for in the first of them only, as it costs a reading each.
    """
    open_ = said[~said["sure"].astype(bool)]
    if open_.empty:
        return empty_table("coding_queue")
    many = events.reindex(open_.index)
    score = open_["confidence"].astype(float)
    queue = pd.DataFrame(
        {
            "subject": written.reindex(open_.index).to_numpy(),
            "events": many.to_numpy(),
            "suggested": open_["code"].astype("str").array,
            "confidence": score.to_numpy(),
            "second": open_["second"].astype("str").array,
            "deciding_words": pd.Series([None] * len(open_), dtype="str"),
            "priority": (many * (1 - score.fillna(0))).to_numpy(),
        },
    )
    order = queue.sort_values(["priority", "subject"], ascending=[False, True], kind="stable")
    if model is not None:
        first = order.index[:_EXPLAINED]
        told = [", ".join(deciding_words(model, open_.index[at])) or None for at in first]
        order.loc[first, "deciding_words"] = pd.Series(told, index=first, dtype="str")
    return order.reset_index(drop=True)
