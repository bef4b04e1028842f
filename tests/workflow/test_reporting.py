"""What the lab's own victims say of reporting, and on what the figure of each colonia rests."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from labtools.tables import vocabulary as words
from labtools.tables.contracts import empty_table
from labtools.workflow.dark_figure import reported_share
from labtools.workflow.keeping import Kept
from labtools.workflow.known import Known
from labtools.workflow.portfolio import harm_of, recorded_crimes
from labtools.workflow.reporting import files_opened, reporting_prior, victims_asked

END = pd.Timestamp("2026-01-01")
WINDOW = SimpleNamespace(start=pd.Timestamp("2025-01-01"), end=END)
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
        "origin_counts": empty_table("origin_counts"),
    }
    edition = SimpleNamespace(window=WINDOW, is_public=True, fits=Kept())

    reported = reported_share(processed, edition, QUERETARO)

    assert reported.basis.to_list() == basis


def opened(yes, no):
    said = [1.0] * yes + [0.0] * no
    rows = [("a", str(k), 1.0, value) for k, value in enumerate(said)]
    return answers(rows).assign(indicator="file_opened")


def test_victims_who_denounced_tell_how_many_case_files_were_opened():
    files = files_opened(opened(200, 200), END)

    assert files == pytest.approx((200, 200 + 200))
    told = replace(reporting_prior(QUERETARO), files=files)
    # Declared .743 (.62 to .84): log-odds 1.06 give or take .298; told: 0 give or take .1.
    middle = (1.0619 / 0.2978**2 + 0 / 0.1**2) / (1 / 0.2978**2 + 1 / 0.1**2)
    share, low, high = told.opened_limits()
    assert share == pytest.approx(1 / (1 + np.exp(-middle)), abs=0.006)
    assert high - low == pytest.approx(2 * 1.96 * 0.25 / np.sqrt(1 / 0.2978**2 + 100), abs=0.006)
    drawn = told.opened_draws(20_000, np.random.default_rng(1))
    assert np.quantile(drawn, [0.5, 0.025, 0.975]) == pytest.approx([share, low, high], abs=0.003)


def test_few_answers_about_case_files_leave_what_is_declared():
    survey = opened(3, 26)

    assert files_opened(survey, END) == (0.0, 0.0)
    assert files_opened(survey.assign(wave=pd.Timestamp("2020-01-01")), END) == (0.0, 0.0)
    declared = reporting_prior(QUERETARO).opened_limits()
    assert declared == pytest.approx((0.743, 0.62, 0.84), abs=0.01)


def test_the_edition_says_who_tells_of_case_files():
    names = [f"c{k}" for k in range(4)]
    said = answers([(one, f"{one} {k}", 1.0, k % 2) for one in names for k in range(400)])
    processed = {
        "survey": pd.concat([said, opened(10, 40)], ignore_index=True),
        "colonias": pd.DataFrame({"colonia_id": names}),
        "indicators": pd.DataFrame(columns=["colonia_id", "indicator", "value"]),
        "origin_counts": empty_table("origin_counts"),
    }
    edition = SimpleNamespace(window=WINDOW, is_public=True, fits=Kept())

    own = reported_share(processed, edition, QUERETARO)
    declared = reported_share(processed | {"survey": said}, edition, QUERETARO)

    assert own.prior.files == pytest.approx((10, 50))
    assert declared.prior.files == (0.0, 0.0)
    # Half of the victims denounced: what is recorded is half of the share with a file.
    for told in (own, declared):
        share = told.prior.opened_limits()[0]
        assert told.draws.median().mean() == pytest.approx(0.5 * share, rel=0.08)
    assert own.draws.median().mean() < 0.75 * declared.draws.median().mean()


def test_harm_is_made_of_the_share_that_the_dark_figure_tells():
    names = [f"c{k}" for k in range(6)]
    groups = [(one, group) for one in names for group in (*words.GROUPS, words.TOTAL)]
    crime = pd.DataFrame(groups, columns=["colonia_id", "group"])
    crime = crime.assign(events=[20, 20, 20, 20, 80] * 6, person_years=1_000.0)
    crime = crime.assign(smoothed=20.0, smoothed_lower=19.9, smoothed_upper=20.1)
    # 200 victims of each colonia were asked, and two of five had denounced.
    said = [(one, f"{one} {k}", 1.0, float(k % 5 < 2)) for one in names for k in range(200)]
    processed = {
        "survey": answers(said),
        "colonias": pd.DataFrame({"colonia_id": names, "population": 1_000.0}),
        "indicators": pd.DataFrame(columns=["colonia_id", "indicator", "value"]),
        "origin_counts": empty_table("origin_counts"),
    }
    edition = SimpleNamespace(window=WINDOW, is_public=True, fits=Kept())
    settings = SimpleNamespace(lab=QUERETARO.lab, targeting=SimpleNamespace(harm={}))

    known = Known(processed, {"crime": crime}, edition, settings)
    harm = harm_of(known, recorded_crimes(known, np.random.default_rng(1)))

    together = sum(harm.values()).sum(axis=1)
    # 480 files are 0.4 x 0.743 of what happened; of denounced crimes, 62 to 84 of 100 have one.
    assert together.median() == pytest.approx(480 / 0.4 / 0.743, rel=0.03)
    limits = together.quantile([0.025, 0.975]).to_numpy()
    assert limits == pytest.approx([480 / 0.4 / 0.84, 480 / 0.4 / 0.62], rel=0.06)
