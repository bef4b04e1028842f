import shutil

import pandas as pd
import pytest

from labtools import messages
from labtools.dashboards.data import open_released
from labtools.dashboards.evaluations import EvaluationPage
from tests.publish.evaluation_example import ID


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def test_the_page_shows_verdict_perception_and_the_plan(data):
    page = EvaluationPage(data)

    told = page._told.value
    assert page.protocol == ID
    for expected in ("It worked", "whether people feel safer", "next door", "was sealed on"):
        assert expected in told
    assert told.count("<svg") == 2


def test_a_protocol_that_is_not_of_the_edition_changes_nothing(data):
    page = EvaluationPage(data)

    page.choose("other")
    page.choose(7)

    assert page.protocol == ID


def test_an_edition_without_protocols_says_so(public, tmp_path):
    copy = shutil.copytree(public, tmp_path / "public")
    for name in ("evaluation", "evaluation_time", "evaluation_facts"):
        path = copy / "tables" / f"{name}.parquet"
        pd.read_parquet(path).iloc[:0].to_parquet(path)

    page = EvaluationPage(open_released(copy))

    assert "No programme" in page._told.value
