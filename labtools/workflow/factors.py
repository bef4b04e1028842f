"""What narratives tell: the code of an event of unknown subject, and signs of risk factors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from labtools.classify.agreement import coder_agreement, subject_drift
from labtools.classify.factors import code_factors, complete_by_narrative
from labtools.classify.taxonomies import recoded
from labtools.reference import references_digest
from labtools.settings import Source
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.lineage import sha256_of
from labtools.tables.store import read_table
from labtools.workflow.decisions import clean_files, stacked
from labtools.workflow.keeping import kept_in
from labtools.workflow.steps import Opened

QUEUE = "factor_queue"


@dataclass(frozen=True, slots=True)
class Read:
    """What was read in the texts of a source.

    Attributes
    ----------
    codes : pandas.DataFrame
        Of `code_unnamed`, completed by the narratives that the model is sure of.
    signs, queue : pandas.DataFrame
        Canonical tables ``factor_signs``, and ``coding_queue`` of texts that wait for a person.
    """

    codes: pd.DataFrame
    signs: pd.DataFrame
    queue: pd.DataFrame


def narrative_files(opened: Opened, source: Source) -> list[Path]:
    """Return the files that `read_narratives` reads; none where the source has no narratives."""
    if not opened.descriptor(source).column("narrative"):
        return []
    clean = opened.workbench.interim("clean")
    return [clean / f"{source.name}.narratives.parquet", *clean_files(opened, "factor_codings")]


def read_narratives(
    opened: Opened,
    source: Source,
    events: pd.DataFrame,
    codes: pd.DataFrame,
    groups: dict[str, str],
) -> Read:
    """Return what the narratives of a source add to the codes of its events (aligned with `codes`).

    A text is the subject and the narrative, both without people since they were cleaned.
    """
    clean = opened.workbench.interim("clean")
    told = read_table("narratives", clean, as_name=f"{source.name}.narratives")
    narrative = events["event_id"].map(told.set_index("event_id")["text"])
    confidence = opened.settings.classify.confidence
    done = complete_by_narrative(codes, narrative, groups=groups, confidence=confidence)
    text = events["subject"].fillna("").str.cat(narrative.fillna(""), sep=". ").str.strip(". ")
    text = text.where(text.ne(""))
    found = code_factors(text, stacked(opened, "factor_codings"), confidence=confidence)
    signs = pd.DataFrame(
        {
            "event_id": events["event_id"],
            "factor": found.codes["crime_code"],
            "told_by": found.codes["code_origin"],
            "confidence": found.codes["code_confidence"],
        }
    )
    return Read(done, signs, found.queue)


def text_tables(opened: Opened) -> dict[str, pd.DataFrame]:
    """Return what a run keeps of how texts were read.

    ``factors_told`` (signs of each factor, by source and who told them), ``coding_agreement`` of
    the persons who coded subjects, ``subject_drift`` of each source of events, and
    ``counts_recoded``: case files of the last twelve months in other classifications.
    """
    folder = opened.workbench.interim("classified")
    told, drift, other = [], [], []
    for source in opened.of_kind("events"):
        events = read_table("classified", folder, as_name=f"{source.name}.classified")
        drift.append(subject_drift(events, source.name))
        if opened.descriptor(source).record_type == "case_file":
            last = events["occurred_on"] > events["occurred_on"].max() - pd.DateOffset(years=1)
            other.append(recoded(events.loc[last, "crime_code"], source.name))
        if narrative_files(opened, source):
            signs = read_table("factor_signs", folder, as_name=f"{source.name}.factor_signs")
            counted = signs.groupby(["factor", "told_by"]).size().rename("events").reset_index()
            told.append(counted.assign(source=source.name))
    return {
        "factors_told": _stacked("factors_told", told),
        "coding_agreement": coder_agreement(stacked(opened, "codings")),
        "subject_drift": _stacked("subject_drift", drift),
        "counts_recoded": _stacked("counts_recoded", other),
    }


def kept_text_tables(opened: Opened) -> dict[str, pd.DataFrame]:
    """Return `text_tables`, made again only when what they are made of changed."""
    folder = opened.workbench.interim("classified")
    sources = opened.of_kind("events")
    files = [folder / f"{source.name}.classified.parquet" for source in sources]
    with_narratives = [source for source in sources if narrative_files(opened, source)]
    files += [folder / f"{source.name}.factor_signs.parquet" for source in with_narratives]
    files += clean_files(opened, "codings")
    made_from: list[object] = [
        *([path.name, sha256_of(path)] for path in files),
        *([source.name, opened.descriptor(source).record_type] for source in sources),
        references_digest(opened.workbench.references),
    ]
    return kept_in(opened.workbench).take("texts", made_from, lambda: text_tables(opened))


def _stacked(name: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    if not filled:
        return empty_table(name)
    columns = list(empty_table(name).columns)
    return check_table(name, pd.concat(filled, ignore_index=True)[columns])
