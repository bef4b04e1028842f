import pandas as pd
import pytest

from labtools.errors import SourceError
from labtools.findings import Severity
from labtools.messages import speaking
from labtools.sources.catalogue import CLEANERS
from labtools.sources.revisions import (
    build_ledger,
    changes,
    clean_snapshots,
    completeness,
    jumps,
    revised,
    shout,
)
from labtools.sources.snapshot import take_snapshot
from tests.sources.supplied import descriptor, intake, written

KEYS = ("area", "month")


def edition(**figures):
    """Return a table with a figure for each month: ``m01=12``; None for one not said."""
    return pd.DataFrame(
        {
            "area": "22014",
            "month": [pd.Timestamp(f"2024-{name[1:]}-01") for name in figures],
            "events": pd.Series(list(figures.values()), dtype="Int64"),
        }
    )


def ledger(**editions):
    named = {f"2024-{name[1:]}-28": edition(**said) for name, said in editions.items()}
    return build_ledger(named, keys=KEYS)


def test_what_was_said_about_march_in_april_may_and_june_stands_side_by_side():
    found = ledger(e04={"m03": 10}, e05={"m03": 12, "m04": 9}, e06={"m03": 12, "m04": 11})

    march = found.about(month=pd.Timestamp("2024-03-01"))

    columns = ["2024-04-28", "2024-05-28", "2024-06-28"]
    assert march[columns].to_numpy().tolist() == [[10, 12, 12]]


def test_each_change_names_the_edition_that_made_it():
    found = changes(ledger(e04={"m03": 10}, e05={"m03": 12, "m04": 9}, e06={"m03": 12, "m04": 8}))

    assert found["month"].dt.month.tolist() == [3, 4]
    assert found["said_in"].tolist() == ["2024-05-28", "2024-06-28"]
    assert found[["before", "after"]].to_numpy().tolist() == [[10, 12], [9, 8]]


def test_a_figure_left_out_and_restored_did_not_change():
    found = ledger(e04={"m03": 10}, e05={"m03": None}, e06={"m03": 10})

    assert changes(found).empty
    assert (revised(found).compared, revised(found).changed, revised(found).withdrawn) == (1, 0, 0)


def test_missing_is_not_zero_when_editions_are_compared():
    found = ledger(e04={"m03": None, "m02": 0}, e05={"m03": 5, "m02": 1})

    assert changes(found)["before"].tolist() == [0]
    assert revised(found).share == 1


def test_a_figure_said_otherwise_for_a_while_moved_nothing_in_the_end():
    found = ledger(
        e04={"m01": 10, "m02": 30, "m03": 7}, e05={"m01": 12, "m02": 32}, e06={"m01": 10, "m02": 33}
    )

    told = revised(found)

    assert (told.compared, told.changed, told.moved) == (2, 2, 1)
    assert told.growth == 43 / 40 - 1
    assert revised(found.only(found.keys["month"] < "2024-02-01")).moved == 0


def test_a_withdrawn_figure_is_counted():
    assert revised(ledger(e04={"m03": 10, "m02": 1}, e05={"m02": 1})).withdrawn == 1


@pytest.mark.parametrize(
    ("before", "after", "loud"),
    [(12, 198, True), (198, 12, True), (0, 10, True), (0, 9, False), (100, 130, False),
     (100, 150, True)],
)  # fmt: skip
def test_a_jump_beyond_late_reports_is_shouted(before, after, loud):
    found = ledger(e04={"m03": before}, e05={"m03": after})

    assert len(jumps(found)) == loud
    severities = [finding.severity for finding in shout(found, "sesnsp")]
    assert severities == [*([Severity.BLOCKER] if loud else []), Severity.CAUTION]


def test_the_shout_says_where_from_and_to():
    found = ledger(e08={"m01": 12}, e09={"m01": 198})

    with speaking("en"):
        told = str(shout(found, "sesnsp")[0])

    assert "22014 | 2024-01-01 00:00:00 was 12 and is 198 since 2024-09-28" in told


def test_editions_that_agree_say_nothing():
    assert shout(ledger(e04={"m03": 10}, e05={"m03": 10}), "sesnsp") == ()


def test_late_reports_are_measured_by_the_age_of_the_month():
    # Each month is known by 80 % one month after, 96 % two months after, wholly three after.
    found = ledger(
        e02={"m01": 800},
        e03={"m01": 960, "m02": 400},
        e04={"m01": 1000, "m02": 480, "m03": 80},
        e05={"m01": 1000, "m02": 500, "m03": 96},
    )

    table = completeness(found).set_index("delay")

    assert table["known"].to_dict() == pytest.approx({1: 0.8, 2: 0.96, 3: 1.0})
    assert table["factor"].to_dict() == pytest.approx({1: 1.2, 2: 1 / 0.96, 3: 1.0})
    assert table["cells"].to_dict() == {1: 3, 2: 2, 3: 1}


def test_an_edition_that_was_skipped_shares_its_growth_between_the_months():
    found = ledger(e02={"m01": 100}, e04={"m01": 144})

    table = completeness(found).set_index("delay")

    assert table["factor"].to_dict() == pytest.approx({1: 1.2, 2: 1.2})
    assert table["known"].to_dict() == pytest.approx({1: 1 / 1.44, 2: 1 / 1.2})


def test_one_edition_tells_nothing_of_late_reports():
    with speaking("en"), pytest.raises(SourceError, match="two snapshots and there is 1"):
        completeness(ledger(e04={"m03": 10}))


def test_no_edition_is_refused():
    with speaking("en"), pytest.raises(SourceError, match="no snapshot to compare"):
        build_ledger({}, keys=KEYS)


def test_two_figures_for_one_cell_are_refused():
    twice = pd.concat([edition(m03=1), edition(m03=2)])

    with speaking("en"), pytest.raises(SourceError, match=r"two figures for 22014 \| 2024-03-01"):
        build_ledger({"2024-04-28": twice}, keys=KEYS)


def test_snapshots_kept_by_a_workbench_are_compared(tmp_path):
    said = {
        "kind": "state_victims",
        "columns": {"month": "m", "area": "a", "type": "t", "subtype": "s", "mode": "o",
                    "events": "n"},
    }  # fmt: skip
    for cutoff, count in (("2024-04-30", 12), ("2024-05-31", 15), ("2024-05-31", 16)):
        path = written(tmp_path, f"m,a,t,s,o,n\n2024-03,22,Robo,Robo,Con,{count}\n", "v.csv")
        take_snapshot(
            path,
            tmp_path / "raw",
            source="sesnsp",
            cutoff=cutoff,
            named="sesnsp",
            descriptor=descriptor(**said),
        )
    given = intake(tmp_path / "v.csv", said, source="sesnsp")

    kept = clean_snapshots(tmp_path / "raw", given, CLEANERS["state_victims"], "official_counts")

    found = build_ledger(kept, keys=["area", "month", "subject"])
    assert found.said.to_numpy().tolist() == [[12, 15, 16]]
