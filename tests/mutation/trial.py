"""Tries one mutant: the tests of its module, in a process of their own in which it stands in place.

The process is forked from one that has imported the package: a function that was wronged gets its
new code in place, and where something else of the module was wronged the package is imported anew.
No file is touched.
"""

from __future__ import annotations

import ast
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import math
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import types
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from tests.inputs import reference_inputs

ROOT = Path(__file__).resolve().parents[2]
#: Tests beside those of the room that hold its numbers to an outside truth.
_ELSEWHERE = ("reference",)
#: Of the clock, as many times the seconds of processor: a trial that waits for nothing ends.
_WALL = 12
_NOTICED = re.compile(r"^(?:FAILED|ERROR) (\S+?\.py(?:::\S+)?)", re.MULTILINE)
_LIBRARIES = ("pandas", "scipy.optimize", "scipy.stats", "statsmodels.api", "sklearn.linear_model")


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one trial.

    Attributes
    ----------
    verdict : {"killed", "survived", "too long"}
    seconds : float
        Of processor: what else the machine does changes no verdict.
    by : str
        The test that noticed, empty where none did.
    """

    verdict: str
    seconds: float
    by: str = ""


def module_of(path: Path) -> str:
    """Return the name by which a file of the package is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


@cache
def circles_of(path: Path) -> tuple[tuple[Path, ...], ...]:
    """Return the tests of a module, the nearest first.

    The first circle is its mirror and the tests of its room that import it; the next, those of the
    modules of its room that import it, and so on: what a module computes is often held to an
    outside truth only where it is put to use.
    """
    _, room, *_ = path.relative_to(ROOT).parts
    files = sorted((ROOT / "tests" / room).rglob("test_*.py"))
    files += [it for other in _ELSEWHERE for it in (ROOT / "tests" / other).rglob("test_*.py")]
    modules = sorted((ROOT / "labtools" / room).rglob("*.py"))
    wanted, seen, circles = {path}, {path}, []
    while wanted:
        names = {module_of(it) for it in wanted}
        mirrors = {f"test_{it.stem}.py" for it in wanted}
        found = [it for it in files if it.name in mirrors or names & _imported(it)]
        circles.append(tuple(found))
        files = [it for it in files if it not in found]
        wanted = {it for it in modules if names & _imported(it)} - seen
        seen |= wanted
    return tuple(it for it in circles if it)


@cache
def _imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{it.name}" for it in node.names)}
        if isinstance(node, ast.Import):
            found |= {it.name for it in node.names}
    return found


def inputs_are_here() -> bool:
    """Tell whether tests against published numbers have their inputs, and do not skip."""
    return any(reference_inputs().glob("*.csv"))


def warm_up() -> None:
    """Import the libraries and the package once for all trials."""
    for name in _LIBRARIES:
        importlib.import_module(name)
    for path in sorted((ROOT / "labtools").rglob("*.py")):
        if path.stem not in {"__init__", "__main__"}:
            importlib.import_module(module_of(path))
    gc.collect()
    gc.freeze()  # so that a child does not copy what it only reads


@dataclass(frozen=True, slots=True)
class Wrong:
    """A module as it stands in a trial.

    Attributes
    ----------
    module : str
    inside : str
        Which function was wronged, ``Class.method`` for a method; empty for none.
    source : str
    """

    module: str
    inside: str
    source: str


def tried(files: Sequence[str | Path], *, wrong: Wrong | None = None, most: float) -> Tried:
    """Run tests until the first that fails, with a module as it was wronged."""
    started, folder = time.monotonic(), Path(tempfile.mkdtemp(prefix="mutant-"))
    child = os.fork()
    if not child:
        _run(files, wrong, most, folder)
    ended = _ended(child, most, started + _WALL * most)
    told = (folder / "log").read_text(encoding="utf-8", errors="replace")
    shutil.rmtree(folder, ignore_errors=True)
    named = _NOTICED.search(told)
    return replace(ended, by=named[1]) if named else ended


def _ended(child: int, most: float, until: float) -> Tried:
    while time.monotonic() < until:
        done, status, used = os.wait4(child, os.WNOHANG)
        seconds = used.ru_utime + used.ru_stime
        if done and seconds >= math.ceil(most):
            return Tried("too long", seconds)
        if done:
            fine = os.waitstatus_to_exitcode(status) == 0
            return Tried("survived" if fine else "killed", seconds)
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return Tried("too long", most)


def _run(files: Iterable[str | Path], wrong: Wrong | None, most: float, folder: Path) -> None:
    code = 3
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(most), math.ceil(most) + 1))
        out = os.open(folder / "log", os.O_WRONLY | os.O_CREAT)
        os.dup2(out, 1)
        os.dup2(out, 2)
        if wrong:
            _put_in_place(wrong)
        words = ["-x", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=no"]
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # some cost more than the tests
        words += ["-p", "xdist.plugin"]  # of which our own conftest speaks
        words += [f"--basetemp={folder / 'base'}", f"--rootdir={ROOT}"]
        code = int(pytest.main([*words, *(str(it) for it in files)]))
    except BaseException:  # noqa: BLE001 - the mutant may raise anything while it is imported
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _put_in_place(wrong: Wrong) -> None:
    """Give the functions of a module their new code, or let the package be imported anew."""
    new = types.ModuleType(wrong.module)
    name, _, method = wrong.inside.partition(".")
    kept = sys.modules[wrong.module]
    held = getattr(kept, name, None)
    a_class = isinstance(held, type)
    if held and name not in _called_on_import(wrong.source) and (method or not a_class):
        sys.modules[wrong.module] = new  # where dataclasses look for themselves
        exec(compile(wrong.source, kept.__file__ or "", "exec"), new.__dict__)  # noqa: S102 - ours
        sys.modules[wrong.module] = kept
        if a_class:
            for word, value in vars(getattr(new, name)).items():
                _give_code(vars(held)[word], value)
        else:
            _give_code(held, getattr(new, name))
        return
    for module in [it for it in sys.modules if it.split(".")[0] == "labtools"]:
        del sys.modules[module]
    sys.meta_path.insert(0, _InPlace(wrong.module, wrong.source))


def _called_on_import(source: str) -> set[str]:
    body = [it for it in ast.parse(source).body if not isinstance(it, ast.FunctionDef)]
    return {it.id for part in body for it in ast.walk(part) if isinstance(it, ast.Name)}


def _give_code(held: object, new: object) -> None:
    for part in ("fget", "__func__"):
        held, new = getattr(held, part, held), getattr(new, part, new)
    held, new = inspect.unwrap(held), inspect.unwrap(new)
    if isinstance(held, types.FunctionType) and isinstance(new, types.FunctionType):
        held.__code__ = new.__code__
        held.__defaults__, held.__kwdefaults__ = new.__defaults__, new.__kwdefaults__


class _InPlace(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Gives whoever imports the module what stands in `source`."""

    def __init__(self, module: str, source: str) -> None:
        self._module, self._source = module, source

    def find_spec(self, name: str, *_: object) -> object:
        if name != self._module:
            return None
        return importlib.util.spec_from_loader(name, self, origin=self.get_filename(name))

    def get_filename(self, name: str) -> str:
        return str(ROOT.joinpath(*name.split(".")).with_suffix(".py"))

    def get_data(self, _: str) -> bytes:
        return self._source.encode()
