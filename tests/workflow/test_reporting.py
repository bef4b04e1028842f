"""What the lab's own victims say of reporting, and on what the figure of each colonia rests."""

from types import SimpleNamespace

import pandas as pd
import pytest

from labtools.workflow.dark_figure import reported_share
from labtools.workflow.keeping import Kept
from labtools.workflow.reporting import reporting_prior, victims_asked

END = pd.Timestamp("2026-01-01")
QUERETARO = SimpleNamespace(lab=SimpleNamespace(municipality_id="22014", seed=3))


def answers(rows):
    """Return rows of the table ``survey``: colonia, block, weight and whether it was denounced."""
    table = pd.DataFrame(rows, columns=["colonia_id", "cluster", "weight", "value"])
    return table.assign(indicator="reported", wave=pd.Timestamp("2025-11-01"))


def test_victims_count_with_their_weights():
    asked = victims_asked(
        answers([("a", "1", 18.0, 1), ("a", "2", 1.0, 0), ("a", "3", 1.0, 0)]), END
    )

    share = asked["reported"] / asked["victims"]
    assert share["a"] == pytest.approx(18 / 20)
    # Kish: 20 squared over 18 squared + 2; three people who tell as much as 1.23.
    assert asked.loc["a", "victims"] == pytest.approx(400 / 326)
    assert asked.loc["a", "people"] == 3


def test_victims_of_no_colonia_or_without_weight_tell_nothing_of_colonias():
    rows = [("a", "1", 1.0, 1), (None, "2", 1.0, 0), ("b", "3", 0.0, 0), ("c", "4", None, 1)]

    assert victims_asked(answers(rows), END).index.to_list() == ["a"]


def test_the_reference_tells_that_not_every_denounced_crime_has_a_case_file():
    prior = reporting_prior(QUERETARO)

    # INEGI, ENVIPE 2024, Queretaro: 7.3 of 100 crimes with a file, 9.9 denounced, 74.3 opened.
    assert prior.opened[0] == 0.743
    assert (1 - prior.unreported) / prior.opened[0] == pytest.approx(0.099, abs=0.001)


@pytest.mark.parametrize(
    ("rows", "basis"),
    [
        ([("a", str(k), 1.0, k % 2) for k in range(12)], ["own", "model"]),
        ([("a", str(k), 1.0, k % 2) for k in range(4)], ["model", "model"]),
        ([(None, str(k), 1.0, k % 2) for k in range(40)], ["national", "national"]),
    ],
)
def test_each_colonia_is_told_on_what_its_figure_rests(rows, basis):
    processed = {
        "survey": answers(rows),
        "colonias": pd.DataFrame({"colonia_id": ["a", "b"]}),
        "indicators": pd.DataFrame(columns=["colonia_id", "indicator", "value"]),
    }
    edition = SimpleNamespace(window=SimpleNamespace(end=END), is_public=True, fits=Kept())

    reported = reported_share(processed, edition, QUERETARO)

    assert reported.basis.to_list() == basis
