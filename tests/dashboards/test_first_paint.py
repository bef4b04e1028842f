"""First paint is cheap: what still pages share is read once, however many colonias there are."""

from datetime import date, timedelta

import pytest

from labtools.dashboards import still
from labtools.dashboards.boards import BOARDS
from labtools.dashboards.data import open_released
from labtools.publish.site import build_site
from tests.publish.released_example import write_released

TODAY = date(2026, 1, 31)
#: Figures of the example hold twelve months after 2025; those of an evaluation twenty-four.
HELD, EVALUATION_HELD = date(2027, 1, 1), date(2028, 1, 1)


def test_the_pages_of_all_colonias_open_the_released_tables_no_more_often_than_that_of_one(
    tmp_path, monkeypatch
):
    stills, opened = still.Stills(write_released(tmp_path / "public")), []
    monkeypatch.setattr(
        still, "open_released", lambda public: opened.append(public) or open_released(public)
    )
    first, *others = stills.slugs()
    page = stills.page(BOARDS[0], first, "es_MX", TODAY)
    before = len(opened)

    more = [
        stills.page(BOARDS[0], slug, language, TODAY)
        for slug in others
        for language in ("es_MX", "en")
    ]

    assert len(more) > 10
    assert len({page, *more}) == 1 + len(more)
    assert len(opened) == before


@pytest.fixture(scope="module")
def stills(tmp_path_factory):
    public = write_released(tmp_path_factory.mktemp("past") / "public")
    build_site(public, public / "site")
    return still.Stills(public)


@pytest.mark.parametrize("board", BOARDS, ids=lambda it: it.name)
@pytest.mark.parametrize(("language", "said"), [("es_MX", "valieron hasta"), ("en", "held until")])
def test_a_dashboard_shows_figures_until_their_day_and_from_then_on_says_that_they_are_past(
    stills, board, language, said
):
    ends = EVALUATION_HELD if board.name == "evaluation" else HELD

    before = stills.page(board, "", language, ends - timedelta(days=1))
    after = stills.page(board, "", language, ends)

    assert f'data-live="/live/{board.name}"' in before
    assert 'class="outdated"' not in before
    assert 'data-live=""' in after  # no kernel is asked for
    assert f"{said} {ends}" in after
    assert "<table" not in after
    assert "<svg" not in after


def test_the_longest_lived_figure_does_not_keep_a_dashboard_that_needs_another(stills):
    perception = next(board for board in BOARDS if board.name == "perception")

    assert set(perception.tells) <= set(stills.held_until)
    assert stills.past(perception, HELD) == HELD.isoformat()
    assert stills.past(perception, HELD - timedelta(days=1)) == ""
