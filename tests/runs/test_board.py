import os
import signal
import time

import pytest

from labtools.runs.board import Board


@pytest.fixture
def written_without_rest():
    """A board on which another process tells of one cell after the other, as fast as it can."""
    board, cell = Board(), 0
    writer = os.fork()
    if writer == 0:
        while True:
            board.write(cell % 50)
            cell += 1
    yield board
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    board.close()


def test_before_the_first_cell_there_is_none():
    board = Board()

    assert board.read() == (None, 0.0)
    board.close()


def test_a_cell_is_told_with_the_moment_it_began():
    board, before = Board(), time.monotonic()

    board.write(3)

    cell, since = board.read()
    assert cell == 3
    assert before <= since <= time.monotonic()
    board.close()


def test_a_cell_never_seems_older_than_it_is_however_it_is_read(written_without_rest):
    begun = time.monotonic()
    read = []
    while not read or time.monotonic() < begun + 2:
        read += [
            it for it in (written_without_rest.read() for _ in range(1000)) if it[0] is not None
        ]

    oldest = min(since for _, since in read)

    assert oldest > begun - 1
