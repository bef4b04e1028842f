"""How two persons agree, with the interval of a published example; how far subjects moved."""

import numpy as np
import pandas as pd
import pytest

from labtools.classify.agreement import coder_agreement, subject_drift

#: Two clinicians and 100 patients (Fleiss, Statistical Methods for Rates and Proportions, 2nd
#: edition, table 13.1): psychosis, neurosis, organic. Kappa is .676, its standard error .088.
FLEISS = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
CODES = ("psychosis", "neurosis", "organic")


def codings(counts):
    pairs = [
        (one, other)
        for one, row in zip(CODES, counts, strict=True)
        for other, n in zip(CODES, row, strict=True)
        for _ in range(n)
    ]
    rows = []
    for at, (one, other) in enumerate(pairs):
        rows += [(f"Asunto {at}", one, "A"), (f"ASUNTO {at}", other, "B")]
    return pd.DataFrame(rows, columns=["subject", "crime_code", "coder"])


def test_kappa_of_two_persons_and_its_interval_are_those_of_the_book():
    (row,) = coder_agreement(codings(FLEISS)).to_dict("records")

    assert (row["first"], row["second"], row["subjects"]) == ("A", "B", 100)
    assert row["agreed"] == 0.89
    assert round(row["kappa"], 3) == 0.676
    assert (row["upper"] - row["kappa"]) / 1.96 == pytest.approx(0.088, abs=5e-4)


def test_few_subjects_or_one_code_have_a_share_and_no_kappa():
    few = coder_agreement(codings([[2, 1, 0], [0, 1, 0], [0, 0, 0]]))
    one = coder_agreement(codings([[9, 0, 0], [0, 0, 0], [0, 0, 0]]))

    assert few["agreed"].tolist() == [0.75]
    assert one["agreed"].tolist() == [1.0]
    assert few["kappa"].isna().all()
    assert one["kappa"].isna().all()


def test_persons_without_a_subject_in_common_are_not_compared():
    told = pd.DataFrame(
        {"subject": ["a", "b"], "crime_code": ["x", "x"], "coder": ["A", "B"]}, dtype="str"
    )

    assert coder_agreement(told).empty


def events(before, now):
    days = [*["2024-06-15"] * len(before), *["2025-06-15"] * len(now)]
    codes = [*before, *now]
    return pd.DataFrame(
        {"occurred_on": pd.to_datetime(days), "subject": codes, "crime_code": codes}
    )


def test_a_mix_that_turned_is_beyond_chance_and_words_that_are_new_are_counted():
    told = subject_drift(events(["a"] * 80 + ["b"] * 20, ["a"] * 20 + ["c"] * 80), "carpetas")

    (row,) = told.to_dict("records")
    assert (row["before"], row["now"], row["unseen"]) == (100, 100, 0.8)
    assert row["drift"] > 10 * row["by_chance"]


def test_where_nothing_moved_drift_passes_its_limit_once_in_twenty():
    rng = np.random.default_rng(1)
    draw = lambda: rng.choice(list("abcde"), 400, p=[0.4, 0.3, 0.15, 0.1, 0.05])  # noqa: E731

    told = [subject_drift(events(list(draw()), list(draw())), "s").iloc[0] for _ in range(80)]

    # Of 80 at a twentieth each, more than 10 are had once in two hundred such tests.
    assert sum(row["drift"] > row["by_chance"] for row in told) <= 10
    assert np.mean([row["drift"] / row["by_chance"] for row in told]) > 0.25


def test_one_year_alone_is_not_compared():
    assert subject_drift(events([], ["a"]), "carpetas").empty
    assert subject_drift(events(["a"], ["a"]).iloc[:0], "carpetas").empty
