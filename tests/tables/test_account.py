import pandas as pd
import pytest

from labtools.errors import TableError
from labtools.tables.account import Account, accounts_table, read_accounts, write_account

GOOD = Account("clean", "carpetas", 10, 7, {"date_not_valid": 2, "after_cutoff": 1}, {"x": 4})


@pytest.mark.parametrize(
    ("read", "kept", "rejected"),
    [(10, 9, {}), (10, 9, {"a": 2}), (10, 11, {"a": -1}), (1, -1, {"a": 2})],
)
def test_an_account_that_does_not_add_up_is_a_fault(read, kept, rejected):
    with pytest.raises(TableError, match=f"does not add up: {read} rows read, {kept} kept"):
        Account("clean", "carpetas", read, kept, rejected)


def test_what_was_changed_is_inside_what_was_kept():
    assert Account("clean", "s", 5, 5, {}, {"hour_unknown": 3}).kept == 5


def test_accounts_are_read_as_they_were_written(tmp_path):
    other = Account("clean", "actas", 0, 0)
    write_account(GOOD, tmp_path)
    write_account(other, tmp_path)
    (tmp_path / "clean.actas.json.lineage.json").write_text("{}", encoding="utf-8")

    assert read_accounts(tmp_path) == (other, GOOD)


def test_the_table_has_a_row_for_each_reason_and_one_for_none():
    table = accounts_table([GOOD, Account("locate", "carpetas", 7, 7, {"outside": 0})])

    expected = pd.DataFrame(
        {
            "step": ["clean", "clean", "locate"],
            "source": ["carpetas"] * 3,
            "read": pd.array([10, 10, 7], dtype="Int64"),
            "kept": pd.array([7, 7, 7], dtype="Int64"),
            "reason": pd.Series(["after_cutoff", "date_not_valid", None], dtype="str"),
            "rejected": pd.array([1, 2, 0], dtype="Int64"),
        }
    )
    pd.testing.assert_frame_equal(table, expected)


def test_no_accounts_make_an_empty_table():
    assert accounts_table([]).empty
