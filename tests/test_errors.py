import pickle

import pytest

from labtools import errors
from labtools.errors import LabError, SourceError
from labtools.messages import plural, speaking

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind is not LabError]
KINDS = [kind for kind in KINDS if issubclass(kind, LabError)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_the_trip_between_processes(kind):
    error = kind("{path} has {n} rows.", path="a.csv", n=2, columns=("x", "y"))

    back = pickle.loads(pickle.dumps(error))

    assert type(back) is kind
    assert str(back) == str(error)
    assert (back.sentence, back.facts) == (error.sentence, error.facts)


def test_an_error_that_counts_survives_the_trip_too():
    error = SourceError(plural("{n} row lost.", "{n} rows lost."), n=2)

    assert str(pickle.loads(pickle.dumps(error))) == "2 rows lost."


def test_a_program_can_tell_each_kind_of_remedy_by_its_exit_code():
    codes = [kind.exit_code for kind in KINDS]

    assert len(set(codes)) == len(codes)
    assert 0 not in codes


def test_an_error_speaks_the_language_of_whoever_reads_it_and_not_of_whoever_raised_it():
    with speaking("en"):
        error = SourceError("{path} is empty. Ask the supplier for the file again.", path="a.csv")
        english = str(error)

    with speaking("es_MX"):
        spanish = str(error)

    assert english == "a.csv is empty. Ask the supplier for the file again."
    assert spanish != english
    assert spanish.startswith("a.csv")
