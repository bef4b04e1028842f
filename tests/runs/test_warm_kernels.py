import json
import os
import sys
import time
from importlib.metadata import EntryPoint

import nbformat
import papermill
import psutil
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import KernelProvisionerFactory

from labtools.runs import provisioner
from labtools.runs.provisioner import NAME, write_kernelspec

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="kernels are forked on Linux only"),
]
DRAW = "import random, numpy; print(random.random(), numpy.random.rand())"


@pytest.fixture(scope="module", autouse=True)
def spec(tmp_path_factory):
    """The warm kernel under the stock one's name, as `labtools lab` installs it."""
    folder = tmp_path_factory.mktemp("jupyter")
    write_kernelspec(folder, ("pandas",))
    place = EntryPoint(NAME, "labtools.runs.provisioner:WarmProvisioner", provisioner.__name__)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        patch.setitem(KernelProvisionerFactory.instance().provisioners, NAME, place)
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)
        yield folder


@pytest.fixture
def kernel():
    started = []

    def start(**options):
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(**options)
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=120)
        started.append((manager, client))
        return manager, client

    yield start
    for manager, client in started:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def printed(client, code):
    said = []
    client.execute_interactive(
        code,
        timeout=120,
        output_hook=lambda m: said.append(m["content"].get("text") or m["content"].get("evalue")),
    )
    return "".join(filter(None, said)).strip()


def test_the_kernelspec_takes_the_stock_kernels_name_and_command():
    found = KernelSpecManager().get_kernel_spec("python3")

    assert found.metadata["kernel_provisioner"]["provisioner_name"] == NAME
    assert found.argv[:3] == [sys.executable, "-m", "ipykernel_launcher"]


def test_a_kernel_is_forked_with_its_libraries_and_is_otherwise_a_new_process(kernel, tmp_path):
    manager, client = kernel(env={**os.environ, "ONLY_HERE": "1"}, cwd=str(tmp_path))
    other, its_client = kernel()

    told = printed(client, "import os, sys; print('pandas' in sys.modules, os.getcwd())")
    parent = psutil.Process(manager.provisioner.pid).parent()

    assert told == f"True {tmp_path}"
    assert printed(client, "print(os.environ.get('ONLY_HERE'))") == "1"
    assert printed(its_client, "import os; print(os.environ.get('ONLY_HERE'))") == "None"
    assert parent == psutil.Process(other.provisioner.pid).parent()
    assert parent.pid != os.getpid()
    assert printed(client, DRAW) != printed(its_client, DRAW)


def test_a_second_kernel_starts_in_less_processor_time_than_importing_its_library(kernel):
    kernel()
    manager, client = kernel()

    used = float(printed(client, "import time; print(time.process_time())"))

    assert manager.provisioner.process.poll() is None
    assert used < 0.6


def test_a_kernel_can_be_interrupted_and_ended(kernel):
    manager, client = kernel()
    client.execute("import time; print('begun', flush=True); time.sleep(60)")
    while client.get_iopub_msg(timeout=120)["msg_type"] != "stream":
        pass

    manager.interrupt_kernel()
    reply = client.get_shell_msg(timeout=30)
    manager.shutdown_kernel(now=True)

    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert manager.provisioner is None or not manager.is_alive()


def test_kernels_end_with_the_warm_process(kernel):
    manager, _ = kernel()
    pid = manager.provisioner.pid

    psutil.Process(pid).parent().kill()

    deadline = time.monotonic() + 20
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not psutil.pid_exists(pid)


def test_where_a_kernel_cannot_be_forked_the_stock_one_starts_and_the_log_says_so(
    kernel, monkeypatch, caplog
):
    monkeypatch.setattr(provisioner, "_can_fork", lambda: False)

    manager, client = kernel()

    assert printed(client, "print(1 + 1)") == "2"
    assert psutil.Process(manager.provisioner.pid).ppid() == os.getpid()
    assert caplog.records


def test_outputs_are_those_of_the_stock_kernel(notebooks, tmp_path, monkeypatch):
    def outputs(name):
        notebook = papermill.execute_notebook(
            notebooks / "leaks_state.ipynb",
            tmp_path / name,
            {"colonia_id": "99001_0001"},
            progress_bar=False,
        )
        return [json.dumps(cell.get("outputs", [])) for cell in notebook.cells[:4]]

    warm = outputs("warm.ipynb")
    monkeypatch.delenv("JUPYTER_PATH")

    assert warm == outputs("stock.ipynb")
    assert nbformat.read(tmp_path / "warm.ipynb", 4).metadata.language_info["name"] == "python"
