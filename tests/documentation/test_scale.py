"""The page for whoever runs a state or the country says what was measured, and nothing else."""

import json
import re
from itertools import pairwise

import pytest

from tests.benchmarks.record import SCALE
from tests.benchmarks.scale_page import ASKED, BLOCKS, PAGE, at, filled, held, outside, planned

FIGURE = re.compile(
    r"\d[\d.,]*\s*(?:ms|s|min|h|horas?|minutos?|segundos?|milésimas|[KMGT]i?B|fichas|%)\b"
)


@pytest.fixture(scope="module")
def told():
    return json.loads(SCALE.read_text(encoding="utf-8"))


def test_the_page_has_every_figure_as_it_was_measured(told):
    page = PAGE.read_text(encoding="utf-8")

    assert filled(page, told) == page, "write them anew: python -m tests.benchmarks.scale_page"
    assert sorted(re.findall(r"<!-- scale\.json: (\w+) -->", page)) == sorted(BLOCKS)
    assert FIGURE.findall(outside(page)) == []


def test_the_page_answers_for_each_size_and_says_which_nobody_tried(told):
    rows = [line for line in BLOCKS["plan"](told).splitlines() if line.startswith("| ")][1:]
    whole = [int(n) for n, one in told["sizes"].items() if "manifest" in one["stages"]]

    assert [row.split(" | ")[0] for row in rows] == [
        *(f"| {n:,}" for n in ASKED),
        "| 32 × 2,320",
    ]
    for n, row in zip(ASKED, rows, strict=False):
        assert ("extrapoladas" in row) == (n > max(whole))


def test_what_was_measured_is_told_and_what_was_not_is_never_hoped_to_be_cheaper():
    points = {100: 10.0, 200: 40.0, 400: 60.0}

    assert [at(points, n) for n in points] == pytest.approx(list(points.values()))
    assert at(points, 50) == 5
    assert 10 < at(points, 150) < 40
    assert at(points, 800) == pytest.approx(120)  # in proportion: the last two grew by less
    assert at({100: 10.0, 200: 40.0}, 400) == pytest.approx(160)  # and here by the square


def test_memory_has_a_part_that_is_there_before_the_first_colonia():
    points = {100: 300.0, 200: 310.0, 400: 350.0}

    assert [held(points, n) for n in (50, 100, 150, 200, 400)] == [300, 300, 305, 310, 350]
    assert held(points, 1_400) == pytest.approx(550)


def test_more_colonias_never_take_less(told):
    plans = [planned(told, n) for n in ASKED]

    for less, more in pairwise(plans):
        assert all(less[name] <= more[name] for name in less)
