"""The guard against a change of recording: from what earlier runs told to no verdict."""

import json
import tomllib
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from labtools.errors import TableError
from labtools.evaluation.protocol import Protocol
from labtools.messages import speaking
from labtools.narrative.evaluated import evaluation_of
from labtools.narrative.evaluation import evaluation_sentences
from labtools.paths import Workbench
from labtools.workflow.recording import (
    blocks,
    bring_earlier,
    keep_names_of_earlier,
    recording_facts,
    revisions_of,
    told_earlier,
)
from tests.evaluation.protocols import PROTOCOL
from tests.publish.evaluation_example import ID, evaluation, evaluation_facts

MONTHS = pd.date_range("2022-01-01", "2025-12-01", freq="MS")
START = pd.Timestamp("2024-04-01")
PLAN = Protocol.model_validate(tomllib.loads(PROTOCOL))
GROUPS = PLAN.outcomes.crime.groups


def told(until="2025-12-01", times=1.0, since="1900-01-01"):
    """Return 100 events of each group and month, and `times` as many from `since` on."""
    months = MONTHS[until >= MONTHS]
    events = np.where(months >= since, 100 * times, 100)
    parts = [pd.DataFrame({"month": months, "group": g, "events": events}) for g in GROUPS]
    return pd.concat(parts, ignore_index=True).astype({"events": "Int64"})


def facts_for(now, earlier, *, is_public=False):
    return recording_facts(revisions_of(now, earlier, GROUPS), PLAN, START, is_public=is_public)


@pytest.mark.parametrize(
    ("now", "earlier", "fact"),
    [
        pytest.param(told(), {}, "recording-untold", id="first run"),
        pytest.param(told(), {"a": told("2025-06-01")}, "recording-alike", id="same as before"),
        pytest.param(
            told(times=1.2), {"a": told("2025-06-01")}, "recording-alike", id="all revised alike"
        ),
        pytest.param(
            told(times=1.05, since=START),
            {"a": told("2025-06-01")},
            "recording-caution",
            id="a little more after the entry",
        ),
        pytest.param(
            told(times=1.2, since=START),
            {"a": told("2025-06-01")},
            "recording-blocker",
            id="a fifth more after the entry",
        ),
        pytest.param(
            told(times=0.8, since=START),
            {"b": told("2025-09-01", 0.8, START), "a": told("2025-06-01")},
            "recording-blocker",
            id="the first that was told counts",
        ),
        pytest.param(
            told(), {"a": told("2024-05-01")}, "recording-untold", id="told before the entry only"
        ),
    ],
)
def test_what_was_told_before_is_compared_with_what_is_told_now(now, earlier, fact):
    found = facts_for(now, earlier)

    assert [name for name, *_ in found] == [fact]
    assert blocks(found) == (fact == "recording-blocker")


def test_months_that_were_still_filling_are_no_change_of_recording():
    # Each run tells its last three months short of 3 of 10 events.
    earlier = {
        f"run {last}": told(last, 0.7, pd.Timestamp(last) - pd.DateOffset(months=2))
        for last in ("2024-09-01", "2025-03-01", "2025-09-01")
    }

    assert facts_for(told(), earlier)[0][0] == "recording-alike"


def test_the_public_edition_tells_that_recording_changed_without_a_figure():
    earlier, now = {"a": told("2025-06-01")}, told(times=1.2, since=START)

    internal, public = (facts_for(now, earlier, is_public=it) for it in (False, True))

    assert json.loads(internal[0][2])["facts"] == {"before": 0.0, "after": 20.0}
    assert public == [("recording-blocker", pytest.approx(np.nan, nan_ok=True), None)]
    for found, expected in ((internal, "by 20.0 %"), (public, "make or hide")):
        facts = pd.DataFrame(found, columns=["fact", "number", "said"]).assign(protocol=ID)
        whole = pd.concat([evaluation_facts(), facts])
        with speaking("en"):
            said = evaluation_sentences(evaluation_of(ID, evaluation(), whole))["trust"]
        assert expected in said[-1]


def workbench(folder, *runs):
    bench = Workbench(folder)
    for name in runs:
        city = bench.reports / name / "internal" / "city" / "internal"
        city.mkdir(parents=True)
        table = told("2025-06-01")
        table.to_parquet(city / "municipality_series.parquet")
    return bench


def test_a_run_made_again_from_the_same_inputs_is_no_earlier_one(tmp_path):
    bench = workbench(tmp_path, "2025-11-aaaa", "2025-12-bbbb", "2025-12-bbbb-2")

    found = told_earlier(SimpleNamespace(workbench=bench), "2025-12-bbbb")

    assert list(found) == ["2025-11-aaaa"]


def test_who_proves_a_run_finds_what_it_found_though_later_runs_came(tmp_path):
    bench, again = workbench(tmp_path / "a", "2025-11-aaaa"), Workbench(tmp_path / "b")
    keep_names_of_earlier(bench, "2025-12-bbbb", tmp_path)
    workbench(tmp_path / "a", "2025-12-bbbb", "2026-01-cccc")

    bring_earlier(bench, tmp_path, again)

    there = told_earlier(SimpleNamespace(workbench=again), "2025-12-bbbb")
    assert list(there) == ["2025-11-aaaa"]
    assert there["2025-11-aaaa"].equals(
        told_earlier(SimpleNamespace(workbench=bench), "2025-12-bbbb")["2025-11-aaaa"]
    )


def test_an_earlier_run_that_is_gone_is_named(tmp_path):
    bench = workbench(tmp_path / "a", "2025-11-aaaa")
    keep_names_of_earlier(bench, "2025-12-bbbb", tmp_path)

    with pytest.raises(TableError, match="2025-11-aaaa"):
        bring_earlier(Workbench(tmp_path / "empty"), tmp_path, Workbench(tmp_path / "b"))
