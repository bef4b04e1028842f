"""Every design that a protocol may name, on an invented town whose truth is known."""

import tomllib

import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.designs import ONE_START, judge
from labtools.evaluation.one_start import one_start
from labtools.evaluation.programme import Enrolment, design_cells
from labtools.evaluation.protocol import Protocol, digest_of_protocol
from tests.evaluation.protocols import PROTOCOL
from tests.evaluation.town import BESIDE, QUARTERS, START, plan, town

#: How many places each design is for.
MANY = {"synthetic_control": 6}
DESIGNS = ("imputed_counts", "group_time", *ONE_START)


def told(method, counts, entered, protocol):
    cells = design_cells(counts, Enrolment(entered, entered.notna(), BESIDE), protocol)
    return judge(method, cells, BESIDE, (protocol, np.random.default_rng(5)))


@pytest.mark.parametrize("neighbours", ["compared", "own_effect"])
@pytest.mark.parametrize("method", DESIGNS)
def test_each_design_finds_what_was_planted(method, neighbours):
    counts, entered = town(places=MANY.get(method, 25), effect=0.6)

    got = told(method, counts, entered, plan(method, neighbours=neighbours)).effect

    assert got.log_ratio == pytest.approx(np.log(0.6), abs=0.12)
    assert got.lower <= np.log(0.6) <= got.upper
    assert got.p < 0.05
    assert got.expected == pytest.approx(got.observed / 0.6, rel=0.13)


def test_the_weighted_displacement_difference_finds_what_moved_next_door():
    counts, entered = town(places=12, effect=0.7, beside=1.4)
    protocol = plan("weighted_displacement", neighbours="own_effect")

    got = told("weighted_displacement", counts, entered, protocol).beside

    assert got is not None
    assert got[1] <= np.log(1.4) <= got[2]
    assert got[1] > 0


@pytest.mark.parametrize("method", [name for name in DESIGNS if name != "imputed_counts"])
def test_a_choice_by_records_is_refused_with_the_design_that_bears_it(method):
    counts, entered = town(places=MANY.get(method, 25))

    with pytest.raises(AnalysisError, match="imputed_counts"):
        told(method, counts, entered, plan(method, chosen="by_records"))


@pytest.mark.parametrize("method", ONE_START)
def test_entries_in_waves_are_refused_by_designs_that_know_one_start(method):
    counts, entered = town(places=20)
    entered[entered[entered.notna()].index[:10]] = QUARTERS[START + 1]

    with pytest.raises(AnalysisError, match="2 different quarters"):
        told(method, counts, entered, plan(method))


def test_only_a_lottery_is_drawn_again():
    counts, entered = town()

    with pytest.raises(AnalysisError, match="Only a lottery"):
        told("randomisation", counts, entered, plan(chosen="otherwise"))


def lots_of(entered, many, seed=9):
    """Lots among 60 colonias; in each, half starts first; that of the town was taken."""
    rng = np.random.default_rng(seed)
    ours = entered.index[entered.notna()]
    later = rng.choice(entered.index[entered.isna()], 30, replace=False)
    table = pd.DataFrame({"lot_0": 1}, index=[*ours, *later])
    table.loc[later, "lot_0"] = 2
    for k in range(1, many):
        table[f"lot_{k}"] = rng.permutation(table["lot_0"].to_numpy())
    return table


def by_lots(counts, entered, lots):
    cells = design_cells(counts, Enrolment(entered, entered.notna(), BESIDE, lots), plan())
    return judge("randomisation", cells, BESIDE, (plan(), np.random.default_rng(5))).effect


def test_the_choice_is_drawn_again_from_the_lots_it_was_taken_from():
    counts, entered = town(places=30, effect=0.6)

    got = by_lots(counts, entered, lots_of(entered, 100))

    assert (got.places, got.compared) == (30, 30)
    # The lot that was taken is the most extreme of a hundred.
    assert got.p == pytest.approx(0.01)
    assert got.lower <= np.log(0.6) <= got.upper < 0


def test_too_few_lots_and_entries_unlike_the_lot_are_refused():
    counts, entered = town(places=30)
    lots = lots_of(entered, 100)

    with pytest.raises(AnalysisError, match="Only 20 lots"):
        by_lots(counts, entered, lots.iloc[:, :20])
    entered[entered.index[entered.notna()][0]] = pd.NaT
    with pytest.raises(AnalysisError, match="not those of a wave"):
        by_lots(counts, entered, lots)


def test_a_synthetic_control_of_many_colonias_is_refused():
    counts, entered = town(places=25)

    with pytest.raises(AnalysisError, match="40 are needed"):
        told("synthetic_control", counts, entered, plan())


@pytest.mark.parametrize(
    ("method", "alike"), [("spatial_permutation", False), ("randomisation", True)]
)
def test_places_that_moved_before_give_no_verdict_unless_a_lottery_was_held(method, alike):
    counts, entered = town(places=25)
    counts.loc[entered.notna(), QUARTERS[START - 4 : START]] //= 2

    got = told(method, counts, entered, plan(method))

    assert got.before is not None
    assert got.before[2] < 0
    assert got.comparable is alike


def test_months_in_which_it_was_awaited_compare_nothing():
    counts, entered = town()
    protocol = plan()
    awaited = protocol.design.model_copy(update={"anticipation_months": 3})
    cells = design_cells(
        counts,
        Enrolment(entered, entered.notna(), BESIDE),
        protocol.model_copy(update={"design": awaited}),
    )

    start = one_start(cells, BESIDE, protocol.model_copy(update={"design": awaited}))

    assert QUARTERS[START - 1] not in start.counts.columns
    assert start.counts.columns[start.start] == QUARTERS[START]


def test_plans_sealed_before_other_designs_and_harm_could_be_planned_keep_their_checksum():
    old = Protocol.model_validate(tomllib.loads(PROTOCOL))

    # Computed with the edition that knew one design and no harm.
    assert digest_of_protocol(old).startswith("b18cd71f042a85e4")
    assert digest_of_protocol(plan(also=["group_time"])) != digest_of_protocol(plan())


def test_places_of_another_level_give_no_verdict_and_still_their_numbers():
    counts, entered = town(places=25)
    higher = counts.copy()
    higher.loc[entered.notna()] *= 3

    alike = told("spatial_permutation", counts, entered, plan("spatial_permutation"))
    apart = told("spatial_permutation", higher, entered, plan("spatial_permutation"))

    assert alike.comparable is True
    assert apart.comparable is False
    assert apart.effect.log_ratio == pytest.approx(alike.effect.log_ratio)
    assert apart.before is not None
    assert (apart.beside, apart.by_time.empty) == (None, True)
