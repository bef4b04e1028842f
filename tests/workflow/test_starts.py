"""A staggered start: sealed in the ledger before it starts, kept as it was, told by agency."""

import json
import tomllib
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from shapely.geometry import box

from labtools.errors import SettingsError
from labtools.evaluation.protocol import Protocol
from labtools.privacy.ledger import SEAL, read_ledger
from labtools.workflow.lots import read_lots
from labtools.workflow.starts import Start, kept_plan, write_calendar
from tests.evaluation.protocols import PROTOCOL

START = Start(datetime.now(UTC).date() + timedelta(days=40))
N = 16
KEYS = [f"c{k:02d}" for k in range(N)]


def city():
    shown = gpd.GeoDataFrame(
        {"colonia_id": KEYS, "population": 1_000.0, "area_km2": 0.16},
        geometry=[box(2_000 * k, 0, 2_000 * k + 400, 400) for k in range(N)],
        crs="EPSG:32614",
    )
    portfolio = pd.DataFrame(
        {
            "colonia_id": KEYS,
            "intervention": "lights",
            "agency": ["works", "parks"] * (N // 2),
            "averted": np.arange(N, dtype=float),
            "standing": "chosen",
        }
    )
    return {"portfolio": portfolio, "colonias_shown": shown}


def opened(tmp_path):
    said = []
    lab = SimpleNamespace(crs="EPSG:32614", seed=1)
    bench = SimpleNamespace(reports=tmp_path / "reports")
    settings = SimpleNamespace(lab=lab)
    return SimpleNamespace(workbench=bench, settings=settings, tell=said.append, said=said)


def test_a_plan_is_sealed_in_the_ledger_kept_and_told_to_each_agency(tmp_path):
    lab = opened(tmp_path)

    write_calendar(lab, city(), START, tmp_path)
    write_calendar(lab, city(), START, tmp_path)

    (entry,) = read_ledger(lab.workbench.reports / "ledger.jsonl")
    kept = json.loads((lab.workbench.reports / "starts" / f"{START.on}.json").read_text())
    assert (entry.kind, entry.run, entry.facts["digest"]) == (SEAL, START.name, kept["seal"])
    wave, buffer = kept_plan(lab.workbench.reports, START)
    assert set(wave.index) == set(KEYS)
    assert not buffer.any()
    asked = {}
    for agency in ("works", "parks"):
        page = openpyxl.load_workbook(tmp_path / f"calendar-{agency}.xlsx").active
        head, *body = [[cell.value for cell in row] for row in page.iter_rows()]
        assert head[-1] == "buffer"
        asked[agency] = {row[head.index("colonia_id")] for row in body}
    assert asked == {"works": set(KEYS[::2]), "parks": set(KEYS[1::2])}


def test_the_lots_of_a_start_are_those_a_protocol_names_and_no_others(tmp_path):
    lab = opened(tmp_path)
    write_calendar(lab, city(), START, tmp_path)
    told = (tmp_path / "lots.csv").read_bytes()
    plan = tomllib.loads(PROTOCOL)
    plan["units"]["lots"] = sha256(told).hexdigest()
    protocol = Protocol.model_validate(plan)
    (tmp_path / f"{protocol.id}.lots.csv").write_bytes(told)

    lots = read_lots(tmp_path, protocol)

    assert any(protocol.units.lots in str(told) for told in lab.said)
    wave, _ = kept_plan(lab.workbench.reports, START)
    assert lots.iloc[:, 0].to_dict() == wave.to_dict()
    # Lots as fair as the one taken: two waves of eight each.
    assert (lots.eq(1).sum() == N / 2).all()
    assert len(lots.T.drop_duplicates()) > 20
    (tmp_path / f"{protocol.id}.lots.csv").write_bytes(told.replace(b",1,", b",2,", 1))
    with pytest.raises(SettingsError, match="checksum"):
        read_lots(tmp_path, protocol)


def test_a_day_that_is_not_to_come_is_refused(tmp_path):
    for day in (datetime.now(UTC).date(), datetime(2001, 1, 1, tzinfo=UTC).date()):
        with pytest.raises(SettingsError, match=str(day)):
            write_calendar(opened(tmp_path), city(), Start(day), tmp_path)


def test_another_plan_of_the_same_day_does_not_take_the_place_of_the_first(tmp_path):
    lab, tables = opened(tmp_path), city()
    write_calendar(lab, tables, START, tmp_path)
    kept = (lab.workbench.reports / "starts" / f"{START.on}.json").read_bytes()

    fewer = {**tables, "portfolio": tables["portfolio"].iloc[:10]}
    with pytest.raises(SettingsError, match=str(START.on)):
        write_calendar(lab, fewer, START, tmp_path)

    assert (lab.workbench.reports / "starts" / f"{START.on}.json").read_bytes() == kept


def test_a_kept_plan_that_was_touched_is_refused(tmp_path):
    lab = opened(tmp_path)
    write_calendar(lab, city(), START, tmp_path)
    path = lab.workbench.reports / "starts" / f"{START.on}.json"
    told = json.loads(path.read_text())
    told["colonias"][0][1] = 3 - told["colonias"][0][1]
    path.write_text(json.dumps(told))

    with pytest.raises(SettingsError, match=str(START.on)):
        kept_plan(lab.workbench.reports, START)


def test_a_chosen_colonia_that_cannot_be_balanced_is_told_and_left_out(tmp_path):
    lab, tables = opened(tmp_path), city()
    tables["colonias_shown"].loc[3, "population"] = np.nan

    write_calendar(lab, tables, START, tmp_path)

    assert any("c03" in line for line in lab.said)
    assert "c03" not in kept_plan(lab.workbench.reports, START)[0].index
