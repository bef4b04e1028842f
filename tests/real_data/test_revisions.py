"""SESNSP's silent revisions, found in its own vintages."""

import json
import tarfile

import pandas as pd
import pytest

from labtools.sources.descriptor import FileFormat
from labtools.sources.files import read_cells
from labtools.sources.revisions import build_ledger, changes, completeness, jumps, revised

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

CELL = ["date_year_month", "cve_ent", "tipo_de_delito", "subtipo_de_delito"]


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
    editions = {}
    for path in sorted(real_data.glob("sesnsp/vintages/*.csv.bz2")):
        cells = read_cells(path, FileFormat())
        cells["n_victimas"] = pd.to_numeric(cells["n_victimas"])
        cells["date_year_month"] = cells["date_year_month"].str.slice(0, 7)
        editions[path.name[:10]] = cells.groupby(CELL, as_index=False)["n_victimas"].sum()
    return build_ledger(editions, keys=CELL, figure="n_victimas")


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


def test_454_of_57_120_counts_by_state_month_and_subtype_were_said_otherwise(victims):
    """Counted apart with pandas alone, and of the size that the data's README gives."""
    found = revised(victims)

    assert (found.compared, found.changed, found.withdrawn) == (57_120, 454, 0)


def test_queretaro_s_homicides_of_july_2024_went_from_24_to_23(victims):
    mine = (
        victims.keys[["cve_ent", "date_year_month", "subtipo_de_delito"]]
        .eq(["22", "2024-07", "Homicidio doloso"])
        .all(axis=1)
    )

    said = victims.said[mine].sum(min_count=1).dropna()

    assert said.iloc[[0, -1]].tolist() == [24, 23]


def test_recent_months_are_less_complete_than_old_ones(victims):
    table = completeness(victims, month="date_year_month").set_index("delay")

    assert 0.9 < table["known"].iloc[0] < 1.02
    assert abs(table.loc[24:, "factor"] - 1).median() < 0.002
    assert len(changes(victims)) >= revised(victims).changed
