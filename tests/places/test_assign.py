import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.places.assign import centres, locate_events
from labtools.places.points import assign_points
from labtools.tables import vocabulary as words
from tests.places.ground import register, square

# Two neighbours of the same size, and a small colonia drawn over the first one.
SHAPES = {"west": square(0, 0), "east": square(1, 0), "small": square(0.2, 0.2, 0.2)}
TOWN = register(SHAPES, name=["Centro", "San José", "Las Peñas"])


def found_at(x, y, town=TOWN):
    at = assign_points(np.array([x], float), np.array([y], float), town)[0]
    return town["colonia_id"].iloc[at] if at >= 0 else None


def located(rows, **options):
    events = pd.DataFrame(rows, columns=["lon", "lat", "place"])
    events["place"] = events["place"].astype("str")
    events["borough"] = pd.Series(None, index=events.index, dtype="str")
    return locate_events(events, TOWN, **options).events


def test_a_point_is_in_the_colonia_that_holds_it():
    assert found_at(0.8, 0.8) == "west"
    assert found_at(1.5, 0.5) == "east"


def test_a_point_where_colonias_overlap_goes_to_the_smaller():
    assert found_at(0.3, 0.3) == "small"


def test_a_point_outside_every_colonia_is_in_none():
    assert found_at(5, 5) is None


@pytest.mark.parametrize("y", [0, 0.5, 1])
def test_a_point_on_a_shared_border_is_counted_once_and_in_the_same_colonia(y):
    assert found_at(1, y) == found_at(1, y, TOWN.iloc[::-1]) == "east"


def test_a_corner_of_four_colonias_belongs_to_one_of_them_whatever_their_order():
    four = register({f"{x}{y}": square(x, y) for x in (0, 1) for y in (0, 1)})

    answers = {found_at(1, 1, four.sample(frac=1, random_state=seed)) for seed in range(6)}

    assert len(answers) == 1
    assert None not in answers


coordinates = st.floats(-0.5, 2.5, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(points=st.lists(st.tuples(coordinates, coordinates), max_size=8), seed=st.integers(0, 9))
def test_neither_the_other_points_nor_the_order_of_the_register_matter(points, seed):
    x, y = np.array(points).reshape(-1, 2).T
    shuffled = TOWN.sample(frac=1, random_state=seed).reset_index(drop=True)

    together = assign_points(x, y, shuffled)

    keys = [shuffled["colonia_id"][at] if at >= 0 else None for at in together]
    assert keys == [found_at(*point) for point in points]


@settings(max_examples=40, deadline=None)
@given(x=coordinates, y=coordinates)
def test_a_point_is_where_shapely_says(x, y):
    holders = [key for key, shape in SHAPES.items() if shapely.intersects_xy(shape, x, y)]

    assert (found_at(x, y) in holders) if holders else (found_at(x, y) is None)


@pytest.mark.parametrize("point", [(0, 0), (np.nan, np.nan), (np.nan, 0.5), (0.5, np.inf)])
def test_without_a_usable_point_the_written_name_decides(point):
    row = located([(*point, "Col. san jose")]).iloc[0]

    assert (row["colonia_id"], row["location_quality"]) == ("east", "by_name")


@pytest.mark.parametrize(
    ("place", "quality"), [(None, "no_place"), ("Nadie", "unknown_name"), ("···", "no_place")]
)
def test_without_point_or_known_name_it_is_told_why(place, quality):
    row = located([(np.nan, np.nan, place)]).iloc[0]

    assert pd.isna(row["colonia_id"])
    assert row["location_quality"] == quality


def test_a_usable_point_decides_against_the_written_name():
    row = located([(0.8, 0.8, "San José")]).iloc[0]

    assert (row["colonia_id"], row["location_quality"]) == ("west", "inside")


def test_a_point_outside_stays_outside_whatever_the_name_says():
    row = located([(5, 5, "San José")]).iloc[0]

    assert pd.isna(row["colonia_id"])
    assert row["location_quality"] == "outside"


def test_an_office_s_default_point_means_that_nobody_knows():
    piles = [(0.8, 0.8)]

    rows = located(
        [(0.8, 0.8, None), (0.80001, 0.79999, "San José"), (0.8001, 0.8, None)],
        default_points=piles,
    )

    assert rows["location_quality"].tolist() == ["default_point", "by_name", "inside"]
    assert rows["colonia_id"].fillna("·").tolist() == ["·", "east", "west"]


def test_no_event_is_dropped_and_each_has_a_colonia_or_a_reason():
    rows = [
        (0.3, 0.3, None),
        (1, 0.5, "x"),
        (9, 9, "Centro"),
        (0, 0, "Centro"),
        (np.nan, 1, None),
        (np.nan, np.nan, "x"),
    ]

    table = located(rows)

    placed = table["colonia_id"].notna()
    assert len(table) == len(rows)
    assert set(table.loc[placed, "location_quality"]) <= set(words.LOCATED)
    assert set(table.loc[~placed, "location_quality"]) <= set(words.NOT_LOCATED)


def test_no_events_are_no_problem():
    assert located([]).empty


def with_a_pile(n, place=None):
    """Return events spread over the town, and `n` of them on the centre of its area."""
    spread = np.random.default_rng(3).uniform(0, [2, 1], (300, 2)).round(6)
    return [*((x, y, None) for x, y in spread), *[(*centres(TOWN)[0], place)] * n]


def test_the_centre_of_the_municipality_is_that_of_its_area():
    # Areas 1, 1 and 0.04, whose middles are 0.5, 1.5 and 0.3 along, and 0.5, 0.5 and 0.3 up.
    assert centres(TOWN)[0] == pytest.approx((2.012 / 2.04, 1.012 / 2.04))


def test_a_pile_on_the_centre_of_the_municipality_means_that_nobody_knows():
    found = located(with_a_pile(12))

    assert set(found["location_quality"][-12:]) == {"municipality_centre"}
    assert found["colonia_id"][-12:].isna().all()


def test_the_written_name_decides_for_a_pile_on_the_centre():
    assert set(located(with_a_pile(12, "San José"))["colonia_id"][-12:]) == {"east"}


def test_a_few_events_near_the_centre_of_the_municipality_happened_there():
    assert set(located(with_a_pile(3))["location_quality"][-3:]) == {"inside"}


def test_a_centre_where_so_much_truly_happens_may_be_declared():
    found = located(with_a_pile(12), real_points=centres(TOWN))

    assert set(found["location_quality"][-12:]) == {"inside"}


def test_a_point_within_five_metres_of_another_colonia_is_told_apart():
    beside, near, away, at_the_rim = (1 - 4e-5, 0.7), (1 + 4e-5, 0.7), (1.001, 0.7), (2 - 1e-5, 0.7)

    found = located([(*point, "x") for point in (beside, near, away, at_the_rim)])

    assert found["colonia_id"].tolist() == ["west", "east", "east", "east"]
    assert found["location_quality"].tolist() == ["on_edge", "on_edge", "inside", "inside"]


def test_only_a_coarse_point_goes_on():
    found = located([(0.512_345, 0.503_210, "x"), (np.nan, 0.5, "Centro")])

    assert found["lon"].tolist()[0] == 0.51
    assert found["lat"].tolist()[0] == 0.505
    assert pd.isna(found["lon"].iloc[1])


def crowd(n, x):
    return [(x + at * 0.003, 0.7 + at * 0.002, "San José") for at in range(n)]


NAMELESS_POINT = (np.nan, np.nan, "San José")


def test_a_name_whose_events_lie_elsewhere_places_none_that_has_no_point():
    events = [*crowd(12, 0.5), NAMELESS_POINT]
    frame = pd.DataFrame(events, columns=["lon", "lat", "place"])
    frame = frame.assign(borough=pd.Series(None, index=frame.index, dtype="str"))

    found = locate_events(frame.astype({"place": "str"}), TOWN)

    assert found.events["colonia_id"].tolist()[:12] == ["west"] * 12
    assert found.events["location_quality"].iloc[-1] == "doubtful_name"
    assert found.contradicted == 13
    (asked,) = found.queue.to_dict("records")
    assert (asked["likest"], asked["next_likest"], asked["events"]) == ("east", "west", 1)


@pytest.mark.parametrize(
    "events",
    [crowd(9, 0.5), [*crowd(12, 0.5), *crowd(2, 1.5)]],
    ids=["few events", "some of them lie there"],
)
def test_few_points_or_some_that_lie_there_contradict_no_name(events):
    assert located([*events, NAMELESS_POINT])["colonia_id"].iloc[-1] == "east"


def test_what_a_person_decided_is_not_contradicted():
    decided = pd.DataFrame(
        {"colonia_id": ["east"], "name": ["San José"], "borough": [None], "valid_from": pd.NaT}
    ).assign(valid_until=pd.NaT)
    aliases = decided.astype({"colonia_id": "str", "name": "str", "borough": "str"})

    found = located([*crowd(12, 0.5), NAMELESS_POINT], aliases=aliases)

    assert found["colonia_id"].iloc[-1] == "east"
