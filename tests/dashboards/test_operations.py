"""What an operator copies: the service, the container, the proxy."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from labtools.cli.main import build

FOLDER = Path(__file__).parents[2] / "labtools" / "dashboards" / "operations"


@pytest.mark.parametrize("file", ["labtools-serve.service", "Containerfile"])
def test_the_command_that_is_started_knows_each_of_its_options(file):
    told = (FOLDER / file).read_text(encoding="utf-8")
    given = set(re.findall(r"--(?:workbench|host|port|also-called)\b", told))
    serve = build().get_command(None, "serve")

    known = {name for option in serve.params for name in option.opts}

    assert {"--workbench", "--also-called"} <= given <= known


def test_the_service_is_confined():
    told = (FOLDER / "labtools-serve.service").read_text(encoding="utf-8").splitlines()

    assert {
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "PrivateTmp=yes",
        "MemoryMax=1500M",
        "CapabilityBoundingSet=",
        "Restart=always",
    } <= set(told)


def test_the_system_takes_the_service_for_one(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not here: the service was not checked by it")
    told = (FOLDER / "labtools-serve.service").read_text(encoding="utf-8")
    file = tmp_path / "labtools-serve.service"
    file.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", told), encoding="utf-8")

    checked = subprocess.run(
        ["systemd-analyze", "verify", file], capture_output=True, text=True, check=False
    )

    assert "Unknown" not in checked.stderr
    assert "Failed to parse" not in checked.stderr


def test_the_proxy_asks_for_sign_on_before_internal_pages_and_hides_the_numbers():
    told = (FOLDER / "nginx.conf").read_text(encoding="utf-8")
    public, internal = told.split("server {")[1:]

    assert told.count("{") == told.count("}")
    assert "auth_request /oauth2/auth;" in internal
    assert "auth_request" not in public
    assert "location = /metrics { deny all; }" in public
    assert "access_log off;" in public
