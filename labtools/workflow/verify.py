"""Prove a run: make it again from the suppliers' bytes it used, and compare every byte."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from labtools.errors import SettingsError, TableError
from labtools.messages import Plural, plural, speaking, text
from labtools.paths import SETTINGS_FILE, Workbench
from labtools.runs.manifest import finished_run, read_manifest
from labtools.runs.plan import ficha_of
from labtools.runs.traces import read_traces
from labtools.tables.lineage import code_digest, sha256_of
from labtools.tables.store import make_folder
from labtools.workflow.access import note_access
from labtools.workflow.analyse import WHOLE, execute_plan
from labtools.workflow.intake import clean, collect
from labtools.workflow.notebooks import Choice
from labtools.workflow.placing import classify, locate
from labtools.workflow.prepared import Prepared, prepare
from labtools.workflow.protocols import bring_protocols
from labtools.workflow.recording import bring_earlier
from labtools.workflow.release import SETTINGS_OF_RUN, protect, release_site
from labtools.workflow.steps import Opened, open_workbench
from labtools.workflow.tabulate import tabulate

_UNCOMPARED = ".lineage.json"  # says which code and run wrote a file, beside it


def verify(opened: Opened, run_id: str = "latest", *, colonia: str = "") -> int:
    """Return how many files of a run were proven to be what its inputs give.

    First the published bytes are compared with the manifest, and the suppliers' bytes with
    what the run read.  Then the eight verbs run in an empty folder, with the run's own
    settings, and each public file is compared.  With `colonia` only its notebooks are executed
    again, and all that they wrote is compared.

    Raises
    ------
    SettingsError
        If there is no such run, or no such colonia in it.
    TableError
        If bytes changed since, or the run cannot be made again as it was: how many files, and
        the first.
    """
    run = finished_run(opened.workbench, run_id)
    if colonia:
        _refuse_unknown(run, colonia)
    told: Any = read_manifest(run)
    if told["code"] != code_digest():
        opened.tell(
            text("The workbench's code is not the one that made this run: figures may differ.")
        )
    _compare_published(run, told["outputs"])
    with _scratch(opened.workbench, run, told["snapshots"], told["inputs"]) as again:
        bench = Opened(again, open_workbench(again).settings, opened.tell)
        collect(bench, fetch=False)
        for step in (clean, locate, classify, tabulate):
            step(bench)
        prepared = replace(prepare(bench, period_end=told["period_end"]), run_id=run.name)
        if colonia:
            return _verify_notebooks(bench, prepared, run, colonia)
        _execute(bench, prepared, WHOLE, run)
        protect(bench, prepared)
        release_site(bench, prepared)
        expected = {k: v for k, v in told["outputs"].items() if not k.endswith(_UNCOMPARED)}
        return _compare(expected, prepared.folder, _NOT_THE_SAME)


def _compare_published(run: Path, outputs: Mapping[str, str]) -> None:
    _compare(
        outputs,
        run,
        plural(
            "One file of {total} is not as it was published: {first}. Publish the edition again "
            "with “labtools run --force”.",
            "{n} files of {total} are not as they were published; the first is {first}. Publish "
            "the edition again with “labtools run --force”.",
        ),
    )


_NOT_THE_SAME = plural(
    "One file of {total} is not what the run's inputs give: {first}. Compare the code and the "
    "libraries in the run's manifest with those installed.",
    "{n} files of {total} are not what the run's inputs give; the first is {first}. Compare the "
    "code and the libraries in the run's manifest with those installed.",
)


def _compare(expected: Mapping[str, str], folder: Path, sentence: Plural) -> int:
    wrong = [
        name
        for name, digest in expected.items()
        if not (folder / name).is_file() or sha256_of(folder / name) != digest
    ]
    if wrong:
        raise TableError(sentence, n=len(wrong), total=len(expected), first=wrong[0])
    return len(expected)


def _refuse_unknown(run: Path, colonia: str) -> None:
    known = [key for key in (ficha_of(job, "public") for job in read_traces(run)) if key]
    if colonia not in known:
        raise SettingsError(
            "The run {run} has no ficha of {colonia}. The first it has is {first}.",
            run=run.name,
            colonia=colonia,
            first=known[0] if known else "—",
        )


def _verify_notebooks(bench: Opened, prepared: Prepared, run: Path, colonia: str) -> int:
    _execute(bench, prepared, Choice(only=(colonia,)), run)
    made = read_traces(prepared.folder)
    kept = read_traces(run)
    expected = {name: it for key in made if key in kept for name, it in kept[key].files.items()}
    _compare(expected, run, _NOT_THE_SAME)
    return _compare(expected, prepared.folder, _NOT_THE_SAME)


def _execute(bench: Opened, prepared: Prepared, choice: Choice, run: Path) -> None:
    """Execute notebooks in the language in which the run's were."""
    with speaking(str(read_manifest(run)["language"])):
        execute_plan(bench, prepared, choice)


@contextmanager
def _scratch(
    workbench: Workbench, run: Path, snapshots: Mapping[str, str], inputs: Mapping[str, str]
) -> Iterator[Workbench]:
    """Make an empty workbench with the settings and suppliers' bytes of a run, and remove it."""
    make_folder(workbench.reports)
    with TemporaryDirectory(prefix=".verify.", dir=workbench.reports) as folder:
        again = Workbench(Path(folder))
        kept = run / SETTINGS_OF_RUN
        shutil.copyfile(kept / SETTINGS_FILE, again.settings_file)
        for own in ("sources", "reference"):
            if (kept / own).is_dir():
                shutil.copytree(kept / own, again.root / "data" / own)
        bring_protocols(workbench, run.name, kept, again)
        bring_earlier(workbench, kept, again)
        make_folder(again.root / "data")
        again.secrets.symlink_to(workbench.secrets, target_is_directory=True)
        bench = open_workbench(again)
        for source in bench.files():
            given = workbench.raw / source.name / snapshots[source.name]
            _check_unchanged(workbench, given, inputs)
            level = bench.descriptor(source).sensitivity
            file = given / Path(source.path).name
            note_access(workbench, "verify", file, sensitivity=level)
            target = again.root / source.path
            make_folder(target.parent, private=True)
            shutil.copyfile(file, target)
        yield again


def _check_unchanged(workbench: Workbench, given: Path, inputs: Mapping[str, str]) -> None:
    inside = given.relative_to(workbench.root).as_posix() + "/"
    expected = {name: digest for name, digest in inputs.items() if name.startswith(inside)}
    _compare(
        expected,
        workbench.root,
        plural(
            "One supplier's file is missing or was changed since the run read it: {first}. Bring "
            "it back from a copy.",
            "{n} suppliers' files are missing or were changed since the run read them; the first "
            "is {first}. Bring them back from a copy.",
        ),
    )
