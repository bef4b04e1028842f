"""SESNSP's silent revisions, found in its own vintages."""

import json
import tarfile

import pandas as pd
import pytest

from labtools.sources.revisions import build_ledger, changes, completeness, jumps, revised
from tests.real_data.test_figures import cleaned

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

CELL = ["area", "month", "subject"]


@pytest.fixture(scope="module")
def municipalities(real_data):
    (path,) = real_data.glob("sesnsp/diegovalle_municipios_json_28_vintages_*.tar.xz")
    editions = {}
    with tarfile.open(path) as archive:
        for member in sorted(archive.getnames()):
            if member.endswith(".json"):
                told = json.load(archive.extractfile(member))
                table = pd.DataFrame(told["rvsv"])
                table["date"] = pd.to_datetime(table["date"])
                editions[member.removeprefix("./")[:10]] = table
    return build_ledger(editions, keys=["name", "date"], figure="count")


@pytest.fixture(scope="module")
def victims(real_data):
    """Return what eight editions said of each state, month and subtype, read by the loader."""
    editions = {}
    for path in sorted(real_data.glob("sesnsp/vintages/*.csv.bz2")):
        counts = cleaned(path, "sesnsp_state_victims").tables["official_counts"]
        subtype = counts["subject"].str.rpartition(" | ")[0]  # the mode is left out
        told = counts.assign(subject=subtype).groupby(CELL, as_index=False)["events"].sum()
        editions[path.name[:10]] = told
    return build_ledger(editions, keys=CELL)


def test_the_car_thefts_of_queretaro_in_january_2016_are_shouted(municipalities):
    (row,) = municipalities.about(name="QUERETARO, QRO", date=pd.Timestamp("2016-01-01")).to_dict(
        "records"
    )

    said = pd.Series(row)[municipalities.said.columns].dropna()
    assert set(said[:"2016-08-20"]) == {12}
    assert said["2016-09-26"] == 198
    assert said["2016-09-26":].min() > 190
    loud = jumps(municipalities)
    mine = loud[(loud["name"] == "QUERETARO, QRO") & (loud["date"] == "2016-01-01")]
    assert mine[["said_in", "before", "after"]].to_numpy().tolist() == [["2016-09-26", 12, 198]]


def test_what_was_said_of_078_percent_of_the_cells_did_not_hold(victims):
    """Of 57,120 cells 454 were said otherwise at some time, and 447 at the end (0.78 %)."""
    found = revised(victims)

    assert (found.compared, found.changed, found.withdrawn) == (57_120, 454, 0)
    assert round(100 * found.moved / found.compared, 2) == 0.78


def test_of_the_cells_of_2024_and_later_73_percent_moved_and_the_country_grew_by_012(victims):
    found = revised(victims.only(victims.keys["month"] >= "2024-01-01"))

    assert round(100 * found.moved / found.compared, 1) == 7.3
    assert round(100 * found.growth, 2) == 0.12


def test_queretaro_s_homicides_of_july_2024_went_from_24_to_23(victims):
    cells = victims.keys
    mine = (cells["area"].eq("22") & cells["month"].eq("2024-07-01")) & cells[
        "subject"
    ].str.endswith(" | Homicidio doloso")

    said = victims.said[mine].sum(min_count=1).dropna()

    assert said.iloc[[0, -1]].tolist() == [24, 23]


def test_recent_months_are_less_complete_than_old_ones(victims):
    table = completeness(victims).set_index("delay")

    assert 0.9 < table["known"].iloc[0] < 1.02
    assert abs(table.loc[24:, "factor"] - 1).median() < 0.002
    assert len(changes(victims)) >= revised(victims).changed
