"""The warm process of JupyterLab and Voilà: it has the libraries loaded, and forks kernels.

It starts no thread and makes no ZMQ context, so that a kernel forked from it is what a new
process would be: its own random numbers, its own sockets, its own environment.  It is started
by :mod:`labtools.runs.provisioner`, and ends with the server that started it; so do its kernels.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from labtools.runs.shell import prepare_environment

_MOST = 1 << 20  # bytes of a request: an environment and a command


def serve(descriptor: int, preload: Sequence[str]) -> None:
    """Fork a kernel for each request on the socket `descriptor`, until its other end is closed.

    A request is JSON: ``argv`` for the kernel, ``env`` and ``cwd``.  The answer is the kernel's
    process id; at first, before any request, it is the number of Python's threads, which must be
    1 (pyarrow keeps a thread of its own from its import on, and is made to be forked).
    """
    prepare_environment()  # matplotlib reads it when it is imported
    importlib.import_module("ipykernel.kernelapp")
    for module in preload:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets kernels that ended
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=descriptor) as caller:
        caller.sendall(json.dumps(threading.active_count()).encode() + b"\n")
        requests = caller.makefile("rb")
        while line := requests.readline(_MOST):
            caller.sendall(json.dumps(_fork_kernel(json.loads(line), caller)).encode() + b"\n")


def _fork_kernel(request: Mapping[str, Any], caller: socket.socket) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        caller.close()
        _be_kernel(request, parent)
    return pid


def _be_kernel(request: Mapping[str, Any], parent: int) -> NoReturn:
    """Become what ``python -m ipykernel_launcher`` would have been."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.environ.clear()
        os.environ.update(request["env"])
        prepare_environment()
        os.chdir(request["cwd"])
        sys.argv[:] = ["ipykernel_launcher", *request["argv"]]
        random.seed()
        np.random.seed()  # noqa: NPY002 - or every kernel would draw the parent's numbers
        _run(request["argv"], parent)
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(argv: Sequence[str], parent: int) -> None:
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415 - loaded already

    # ipykernel read JPY_PARENT_PID when it was imported, which was somebody else's: it watches
    # the process it is told of, and ends with it.
    app = IPKernelApp.instance(parent_handle=parent)
    app.initialize(list(argv))
    app.start()
