import numpy as np
import openpyxl
import pandas as pd
import pytest
from scipy import special, stats

from labtools import messages
from labtools.cli.proposals import meeting_words
from labtools.errors import SourceError
from labtools.targeting.meeting import (
    Agreement,
    agreement,
    agreement_table,
    check_answers,
    named_first,
)
from labtools.targeting.work_list import work_of, write_spreadsheet


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def ordered(colonia, day, *firsts):
    """Return answers in which each participant puts three needs first, in the order given."""
    return pd.DataFrame(
        [
            (colonia, pd.Timestamp(day), place, f"factor_{need}", rank)
            for place, told in enumerate(firsts, start=1)
            for rank, need in enumerate(told, start=1)
        ],
        columns=["colonia_id", "held_on", "participant", "need", "rank"],
    )


def test_what_a_network_puts_first_is_told_with_its_doubt():
    answers = pd.concat(
        [
            ordered("a", "2025-01-01", *[(1, 2, 3)] * 9),  # an older meeting does not speak
            ordered("a", "2025-06-01", *[(4, 5, 6)] * 7, (1, 2, 4, 5)),
            ordered("b", "2025-06-01", *[(4, 5, 6)] * 2),  # two are too few
        ]
    )

    found = named_first(answers)

    assert set(found.index.get_level_values("colonia_id")) == {"a"}
    a = found.loc["a"]
    assert a["asked"].round(3).to_dict() == {
        "factor_1": 0.125, "factor_2": 0.125, "factor_3": 0, "factor_4": 1,
        "factor_5": 0.875, "factor_6": 0.875, "factor_7": 0, "factor_8": 0,
    }  # fmt: skip
    # Outside truth: the quantiles of Jeffreys' posterior, Beta(7.5, 1.5), by the incomplete beta.
    low, high = a.loc["factor_5", ["asked_lower", "asked_upper"]]
    assert special.betainc(7.5, 1.5, [low, high]) == pytest.approx([0.05, 0.95])
    assert a.loc["factor_4", "asked_upper"] == 1
    assert a.loc["factor_3", "asked_lower"] == 0
    assert set(a["participants"]) == {8}


def test_every_meeting_has_its_agreement_beside_the_lab_s():
    answers = pd.concat(
        [
            ordered("a", "2025-06-01", *[(4, 5, 6)] * 5),
            ordered("b", "2025-06-01", (4, 5, 6), (6, 5, 4), (5, 4, 6)),
        ]
    )
    needs = pd.DataFrame(
        {"colonia_id": "a", "need": ["factor_4", "factor_5", "factor_6"], "share_lower": [3, 2, 1]}
    )

    table = agreement_table(answers, needs).set_index("colonia_id")

    assert table.loc["a", ["w", "with_lab"]].tolist() == pytest.approx([1, 1])
    assert table.loc["b", "w"] < 0.2
    assert np.isnan(table.loc["b", "with_lab"])
    assert table["participants"].tolist() == [5, 3]


NEEDS = ["factor_2", "factor_4", "factor_5", "factor_7"]


def answers(ranks):
    return pd.DataFrame(
        [
            {"colonia_id": "c", "meeting": "1", "participant": str(p), "need": need, "rank": rank}
            for p, row in enumerate(ranks)
            for need, rank in zip(NEEDS, row, strict=True)
        ]
    )


def test_agreement_is_that_of_friedmans_statistic():
    ranks = np.array([[1, 2, 3, 4], [2, 1, 3, 4], [1, 3, 2, 4], [1, 2, 4, 3], [4, 1, 2, 3]])

    found = agreement(answers(ranks))

    # Outside truth: SciPy's Friedman chi-square is m (n - 1) W, ties allowed.
    chi2, p = stats.friedmanchisquare(*ranks.T)
    assert found.w == pytest.approx(chi2 / (5 * 3))
    assert found.p_value == pytest.approx(p)


def test_agreement_with_ties_is_that_of_friedmans_statistic():
    ranks = np.array([[1, 1, 3, 4], [2, 1, 2, 4], [1, 3, 3, 4], [1, 2, 4, 3]])

    chi2, _ = stats.friedmanchisquare(*ranks.T)

    assert agreement(answers(ranks)).w == pytest.approx(chi2 / (4 * 3))


def test_those_who_say_the_same_agree_wholly_and_their_order_is_told():
    found = agreement(answers([[4, 1, 2, 3]] * 6), pd.Series([0.1, 0.9, 0.8, 0.3], NEEDS))

    assert found.w == pytest.approx(1.0)
    assert found.order == ("factor_4", "factor_5", "factor_7", "factor_2")
    assert found.with_lab == pytest.approx(1.0)


def test_two_people_are_too_few_to_tell():
    assert np.isnan(agreement(answers([[1, 2, 3, 4]] * 2)).w)


def test_by_chance_alone_agreement_is_called_one_time_in_twenty():
    rng = np.random.default_rng(6)
    seen = [
        agreement(answers([rng.permutation(4) + 1 for _ in range(12)])).p_value < 0.05
        for _ in range(400)
    ]

    assert np.mean(seen) == pytest.approx(0.05, abs=0.03)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"participant": "Juana Pérez"}, "number"),
        ({"rank": 0}, "rank"),
        ({"rank": 1.5}, "rank"),
        ({"rank": "x"}, "rank"),
    ],
)
def test_answers_that_name_a_person_or_have_no_rank_are_refused(change, said):
    table = answers([[1, 2, 3, 4]] * 3).astype(object)
    for column, value in change.items():
        table.loc[0, column] = value

    with pytest.raises(SourceError, match=said):
        check_answers(table)


def test_a_need_ordered_twice_and_a_column_absent_are_refused():
    table = answers([[1, 2, 3, 4]] * 3)

    with pytest.raises(SourceError, match="twice"):
        check_answers(pd.concat([table, table.iloc[:1]]))
    with pytest.raises(SourceError, match="rank"):
        check_answers(table.drop(columns="rank"))


def test_a_spreadsheet_runs_nothing_and_is_the_same_each_time(tmp_path):
    table = pd.DataFrame({"name": ["=1+1", "@x", "Ñuñoa"], "cost": [1.5, None, -2.0]})

    for name in ("a", "b"):
        write_spreadsheet(table, tmp_path / f"{name}.xlsx", sheet="works")

    page = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    assert rows == [["name", "cost"], ["'=1+1", 1.5], ["'@x", None], ["Ñuñoa", -2]]
    assert all(cell.data_type != "f" for row in page.iter_rows() for cell in row)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_an_agency_is_asked_what_was_chosen_with_its_reasons_and_not_the_alternatives(tmp_path):
    portfolio = pd.DataFrame(
        [
            ("c1", "lights", "works", "factor_4", "A 2020", 5.0, 2.0, 1.0, 3.0, 1.0, "firm"),
            ("c2", "lights", "works", "fear", "A 2020", 5.0, 2.0, 1.0, 3.0, 0.2, "alternative"),
            ("c1", "watch", "police", "crime", "B 2021", 5.0, 2.0, 1.0, 3.0, 1.0, "firm"),
            ("c4", "lots", "works", "fear", "=HYPERLINK(1)", 5.0, 2.0, 1.0, 3.0, 1.0, "firm"),
        ],
        columns=[
            "colonia_id",
            "intervention",
            "agency",
            "need",
            "evidence",
            "cost",
            "averted",
            "lower",
            "upper",
            "often",
            "standing",
        ],
    )
    proposals = pd.DataFrame(
        [
            ("c1", "lights", "works", "factor_4", "A 2020", "proposed"),
            ("c3", "lights", "works", "factor_4", "A 2020", "under_way"),
        ],
        columns=["colonia_id", "intervention", "agency", "need", "evidence", "standing"],
    )

    table = work_of("works", portfolio, proposals)

    assert table["colonia_id"].tolist() == ["c1", "c3", "c4"]
    assert table["standing"].tolist() == ["firm", "under_way", "firm"]
    assert table["evidence"].tolist() == ["A 2020", "A 2020", "=HYPERLINK(1)"]
    assert table["need"].tolist() == ["factor_4", "factor_4", "fear"]
    assert table["cost"].isna().tolist() == [False, True, False]

    write_spreadsheet(table, tmp_path / "works.xlsx", sheet="works")
    page = openpyxl.load_workbook(tmp_path / "works.xlsx").active
    cells = [cell for row in page.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert "'=HYPERLINK(1)" in [cell.value for cell in cells]


def test_a_meeting_that_puts_no_need_before_another_is_not_told_to_be_too_few():
    told = Agreement(float("nan"), float("nan"), (), float("nan"), 5)

    assert "no order to agree on" in meeting_words("c1", "1", told)
    few = Agreement(float("nan"), float("nan"), (), float("nan"), 2)
    assert "too few" in meeting_words("c1", "1", few)
