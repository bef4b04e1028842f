"""How well texts are classified that the model has not seen, beside the simplest answer.

Two kinds of text: the invented narratives of the demo, where a whole way of telling each story
is left out, and the subjects that Mexico City's prosecutor writes, a fifth of which is left out
in turn (their codes are those of the crosswalk that persons wrote and tests hold).  The naive
answer gives everything the commonest class.  Real files stand in ``LABTOOLS_REAL_DATA``; without
them the second part is left out and its figures stay as they were.
"""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd

from labtools.classify.crosswalk import load_crosswalk
from labtools.classify.quality import measure_agreement, measure_calibration
from labtools.classify.text_model import fit_text_model, predict_codes, probabilities
from labtools.demo.narratives import labelled_narratives

RESULT = Path("reports/studies/text_classification.json")
SEEDS = (1, 2, 3)
CONFIDENCE = 0.9
FOLDS = 5


def judged(truth: pd.Series, said: pd.DataFrame, chance: pd.DataFrame, common: str) -> dict:
    sure = said["sure"]
    known = chance.reindex(columns=sorted({*truth, *chance.columns})).fillna(0.0)
    naive = pd.Series(common, index=truth.index)
    return {
        "texts": len(truth),
        "classes": int(truth.nunique()),
        "macro_f1": measure_agreement(truth, said["code"]).macro_f1,
        "macro_f1_naive": measure_agreement(truth, naive).macro_f1,
        "right": float((said["code"] == truth).mean()),
        "right_naive": float((naive == truth).mean()),
        "ece": measure_calibration(truth, known).ece,
        "abstention": float(1 - sure.mean()),
        "right_among_coded": float((said["code"] == truth)[sure].mean()) if sure.any() else None,
    }


def narratives(seed: int) -> dict:
    told = labelled_narratives(np.random.default_rng(seed), each=10)
    left = told["variant"] == 0
    learn, test = told[~left], told[left & told["group"].isin(told["group"][~left])]
    model = fit_text_model(learn["text"], learn["group"], families=learn["form"])
    said = predict_codes(model, test["text"], confidence=CONFIDENCE)
    return judged(test["group"], said, probabilities(model, test["text"]), learn["group"].mode()[0])


def subjects(path: Path, seed: int) -> dict:
    with gzip.open(path) as stream:
        column = pd.read_csv(stream, usecols=["delito"], dtype="str", keep_default_na=False)
    texts = pd.Series(sorted(column["delito"].unique()))
    codes = texts.map(load_crosswalk("fgj").code_of)
    fold = np.random.default_rng(seed).integers(0, FOLDS, len(texts))
    said, chance = [], []
    for left_out in range(FOLDS):
        known = fold != left_out
        model = fit_text_model(texts[known], codes[known])
        said.append(predict_codes(model, texts[~known], confidence=CONFIDENCE))
        chance.append(probabilities(model, texts[~known]))
    coded, likely = (pd.concat(parts).sort_index() for parts in (said, chance))
    return judged(codes, coded, likely, codes.mode()[0])


def together(runs: list[dict]) -> dict:
    """Return the means over seeds; what no seed knows (nothing was coded) is not known."""
    known = {name: [run[name] for run in runs if run[name] is not None] for name in runs[0]}
    return {name: round(float(np.mean(it)), 4) if it else None for name, it in known.items()}


def main() -> None:
    found = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    found |= {"seeds": list(SEEDS), "confidence": CONFIDENCE}
    found["demo's narratives, a way of telling left out"] = together([narratives(s) for s in SEEDS])
    real = Path(os.environ.get("LABTOOLS_REAL_DATA", "")) / "cdmx" / "carpetas_fgj_2019_2023.csv.gz"
    if real.is_file():
        runs = [subjects(real, seed) for seed in SEEDS]
        found["Mexico City's subjects, a fifth left out"] = together(runs)
    RESULT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
