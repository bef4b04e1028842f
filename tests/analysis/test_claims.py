import pandas as pd
import pytest

from labtools.analysis.claims import check_claim
from labtools.errors import AnalysisError
from labtools.tables.claimed import read_claim

MONTHS = pd.date_range("2024-01-01", periods=24, freq="MS")
YEARS = {"before": ("2024-01", "2025-01"), "now": ("2025-01", "2026-01")}


def counted(before, now):
    return pd.Series([before] * 12 + [now] * 12, MONTHS, dtype=float)


@pytest.mark.parametrize(
    ("sentence", "percent"),
    [
        ("El robo bajó 9 %", -9.0),
        ("una reducción del 12,5% en el año", -12.5),
        ("Aumentó 30 por ciento la violencia", 30.0),
        ("los homicidios cayeron 4.2 %", -4.2),
    ],
)
def test_a_sentence_says_one_percentage_and_one_direction(sentence, percent):
    assert read_claim(sentence) == percent


@pytest.mark.parametrize("sentence", ["Bajó el delito", "subió 3 % y bajó 2 %", "9 % menos", ""])
def test_a_sentence_that_does_not_is_refused(sentence):
    with pytest.raises(AnalysisError, match="one direction"):
        read_claim(sentence)


@pytest.mark.parametrize(
    ("before", "now", "claimed", "verdict"),
    [
        (100, 91, -9, "supported"),
        (5, 4, -20, "indistinguishable"),
        (100, 90, -40, "other_size"),
        (100, 115, -9, "contradicted"),
    ],
)
def test_a_claim_is_held_against_the_interval_of_what_was_counted(before, now, claimed, verdict):
    checked = check_claim(claimed, counted(before, now), **YEARS)

    assert checked.verdict == verdict
    assert (checked.before, checked.now) == (before * 12, now * 12)
    assert checked.percent == pytest.approx((now / before - 1) * 100)
    assert checked.lower < checked.percent < checked.upper


def test_more_dispersion_makes_the_same_claim_indistinguishable():
    assert check_claim(-9, counted(100, 91), **YEARS).verdict == "supported"

    assert check_claim(-9, counted(100, 91), **YEARS, dispersion=10).verdict == "indistinguishable"


def test_periods_of_another_length_season_or_completeness_do_not_compare():
    counts = counted(100, 91)

    shorter = check_claim(-9, counts, before=("2024-01", "2025-01"), now=("2025-01", "2025-12"))
    season = check_claim(-9, counts, before=("2024-10", "2025-01"), now=("2025-01", "2025-04"))
    late = check_claim(-9, counts, **YEARS, complete=0.97)

    assert {shorter.verdict, season.verdict, late.verdict} == {"not_comparable"}


def test_a_claim_says_its_base_and_interval_in_words():
    told = str(check_claim(-9, counted(100, 91), **YEARS))

    assert "1,200 before and 1,092 now" in told
    assert "The claim holds" in told


def test_from_nothing_there_is_no_percentage():
    checked = check_claim(50, counted(0, 5), **YEARS)

    assert "chance taken into account" not in str(checked)
    assert pd.isna(checked.percent)


def test_a_month_without_count_is_refused():
    counts = counted(5, 5)
    counts.iloc[3] = None

    with pytest.raises(AnalysisError, match="the first is 2024-04"):
        check_claim(-9, counts, **YEARS)
