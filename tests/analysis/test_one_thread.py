import subprocess
import sys

from threadpoolctl import threadpool_info

from labtools.analysis.one_thread import one_thread

IN_A_NEW_PROCESS = """
from threadpoolctl import threadpool_info
from labtools.analysis.one_thread import one_thread

with one_thread():
    import numpy as np
    import scipy
    scipy.linalg.cholesky(np.eye(3))
    print(*{it["num_threads"] for it in threadpool_info() if it["user_api"] == "blas"})
"""


def threads():
    return [it["num_threads"] for it in threadpool_info() if it["user_api"] == "blas"]


def test_what_is_loaded_later_has_one_thread_as_well():
    environment = {"OPENBLAS_NUM_THREADS": "2", "PATH": ""}

    done = subprocess.run(
        [sys.executable, "-c", IN_A_NEW_PROCESS],
        check=True,
        capture_output=True,
        env=environment,
    )

    assert done.stdout.split() == [b"1"]


def test_outside_the_block_there_are_as_many_as_before():
    with one_thread():
        inside = threads()
    before = threads()

    with one_thread():
        pass

    assert set(inside) == {1}
    assert threads() == before
