"""Who gets a living page when there is not room for all: with kernels that cost nothing."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tornado.web import HTTPError

from labtools.dashboards.seats import MOST_WAITING, Drawn, Seats, shares

BOARDS = {"explorer": 2, "map": 1, "alerts": 1}


class House:
    """Kernels of a server, and who has one."""

    def __init__(self, most, *, seconds=0.0):
        self.most, self.seconds = most, seconds
        self.alive, self.read, self.drawing, self.highest = {}, set(), 0, 0
        self.fails = 0

    @property
    def given(self):
        return len(self.read)

    def give(self, kernel_id):
        self.read.add(kernel_id)

    async def end(self, kernel_id):
        await asyncio.sleep(0)
        del self.alive[kernel_id]
        self.read.discard(kernel_id)

    async def end_forsaken(self):
        """Nobody leaves without a word here."""

    async def draw(self, notebook):
        self.drawing += 1
        self.highest = max(self.highest, self.drawing + len(self.alive))
        await asyncio.sleep(self.seconds)
        self.drawing -= 1
        if self.fails:
            self.fails -= 1
            raise RuntimeError
        kernel_id = f"{notebook}-{self.highest}-{len(self.alive)}-{id(object())}"
        self.alive[kernel_id] = notebook
        return Drawn(kernel_id, f"<p>{notebook}</p>")

    def kept(self):
        """Return the pages that wait for a reader, sorted."""
        return sorted(name for kernel, name in self.alive.items() if kernel not in self.read)


def opened(house, *, queue_seconds=0.05):
    return Seats(house, house.draw, BOARDS, queue_seconds)


async def settled(seats, turns=6):
    for _ in range(turns):
        await seats.tend()
        await asyncio.sleep(0.005)


async def asked(seats, *notebooks):
    """Return what readers who ask at once get: a page, or a status."""

    async def one(notebook):
        try:
            return (await seats.take(notebook)).html
        except HTTPError as refused:
            return refused.status_code

    return await asyncio.gather(*map(one, notebooks))


@pytest.mark.parametrize(
    ("most", "kept"),
    [
        (1, ["explorer"]),
        (2, ["explorer", "explorer"]),
        (8, ["alerts", "explorer", "explorer", "map"]),
    ],
)
def test_pages_are_kept_ready_while_there_is_room_and_the_first_board_comes_first(most, kept):
    house = House(most)

    asyncio.run(settled(opened(house)))

    assert house.kept() == kept


@pytest.mark.parametrize("board", BOARDS)
def test_the_only_room_goes_to_whoever_asks_and_the_next_is_asked_to_wait(board):
    house = House(1)

    async def day():
        seats = opened(house)
        await settled(seats)
        return [*await asked(seats, board), *await asked(seats, "explorer")]

    assert asyncio.run(day()) == [f"<p>{board}</p>", 503]


def test_a_reader_whose_page_is_being_drawn_is_not_sent_away():
    house = House(1, seconds=0.3)

    assert asyncio.run(asked(opened(house, queue_seconds=0.05), "map")) == ["<p>map</p>"]


def test_pages_that_wait_for_nobody_make_room_for_readers_of_another_board():
    house = House(4)

    async def day():
        seats = opened(house, queue_seconds=0.2)
        await settled(seats)
        return await asked(seats, *["alerts"] * 4)

    assert asyncio.run(day()) == ["<p>alerts</p>"] * 4


def test_readers_of_one_board_do_not_take_the_room_of_all_others():
    house = House(2)

    async def day():
        seats = opened(house, queue_seconds=0.2)
        await asked(seats, "explorer", "explorer")
        line = asyncio.ensure_future(asked(seats, "explorer", "explorer", "explorer", "map"))
        await asyncio.sleep(0.02)
        for kernel in list(house.read):
            await house.end(kernel)
        await settled(seats, turns=2)
        return await line

    assert asyncio.run(day()) == ["<p>explorer</p>", 503, 503, "<p>map</p>"]


def test_pages_are_kept_ready_again_when_readers_leave():
    house = House(3)

    async def day():
        seats = opened(house)
        await asked(seats, "map", "map", "map")
        for kernel in list(house.read):
            await house.end(kernel)
        await settled(seats)

    asyncio.run(day())

    assert house.kept() == ["explorer", "explorer", "map"]


def test_a_page_that_could_not_be_drawn_is_drawn_again():
    house = House(1)
    house.fails = 2

    async def day():
        seats = opened(house)
        await settled(seats)
        return await asked(seats, "explorer")

    assert asyncio.run(day()) == ["<p>explorer</p>"]


def test_a_reader_who_leaves_the_line_takes_no_page_with_them():
    house = House(1, seconds=0.05)

    async def day():
        seats = opened(house)
        left = asyncio.ensure_future(seats.take("explorer"))
        await asyncio.sleep(0.01)
        left.cancel()
        with suppress(asyncio.CancelledError):
            await left
        return seats.waiting, await asked(seats, "explorer")

    assert asyncio.run(day()) == (0, ["<p>explorer</p>"])


def test_a_reader_who_leaves_while_room_is_made_for_them_stops_no_kernels_end_half_way():
    ended = []

    class Slow(House):
        async def end(self, kernel_id):
            await asyncio.sleep(0.02)
            await super().end(kernel_id)
            ended.append(kernel_id)

    house = Slow(1)

    async def day():
        seats = opened(house)
        await settled(seats)
        (spare,) = house.alive
        left = asyncio.ensure_future(seats.take("map"))
        await asyncio.sleep(0.01)
        left.cancel()
        with suppress(asyncio.CancelledError):
            await left
        await asyncio.sleep(0.05)
        return spare

    spare = asyncio.run(day())

    assert ended == [spare]
    assert spare not in house.alive


def test_a_line_that_is_too_long_grows_no_longer():
    house = House(1)

    answers = asyncio.run(asked(opened(house), *["map"] * (MOST_WAITING + 5)))

    assert answers.count(503) == MOST_WAITING + 4


readers = st.lists(st.sampled_from([*BOARDS]), max_size=12)


@given(most=st.integers(1, 8), waiting=readers)
def test_shares_never_exceed_the_room_and_leave_none_idle_while_somebody_waits(most, waiting):
    told = {name: waiting.count(name) for name in BOARDS}

    held = shares(most, told, BOARDS)

    assert sum(held.values()) <= most
    served = sum(min(held[name], told[name]) for name in BOARDS)
    assert served == min(most, len(waiting))


@settings(deadline=None, max_examples=30)
@given(most=st.integers(1, 5), asking=st.lists(readers, max_size=3))
def test_there_are_never_more_kernels_than_the_house_holds(most, asking):
    house = House(most)

    async def day():
        seats = opened(house, queue_seconds=0.001)
        for group in asking:
            await asked(seats, *group)
            await settled(seats, turns=1)

    asyncio.run(day())

    assert house.highest <= most
