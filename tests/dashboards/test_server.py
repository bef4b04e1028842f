import socket

import pytest

from labtools.dashboards import service
from labtools.dashboards.door import allowed_hosts, listening
from labtools.dashboards.server import serving
from labtools.dashboards.service import Service, check_installed, clean_environment
from labtools.errors import DependencyError, SettingsError, TableError

SERVICE = Service("/w/reports/1/public", "/tmp/lab-x", ("localhost:8866",))  # noqa: S108 - only a name


def test_a_port_in_use_is_named_with_its_remedy():
    with (
        listening("127.0.0.1", 0) as taken,
        pytest.raises(SettingsError, match=rf"{taken.getsockname()[1]}.*--port"),
    ):
        listening("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("127.0.0.1", 70_000)])
def test_an_address_that_cannot_be_had_is_an_error_about_settings(host, port):
    with pytest.raises(SettingsError, match="--host"):
        listening(host, port)


def test_a_folder_without_an_edition_starts_nothing(tmp_path):
    (tmp_path / "public").mkdir()

    with pytest.raises(TableError, match="labtools run"), serving(tmp_path / "public", port=0):
        pytest.fail("it served a folder without an edition")


def test_without_voila_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(service, "find_spec", lambda name: None if name == "voila" else object())

    with pytest.raises(DependencyError, match=r"voila.*labtools\[dash\]"):
        check_installed()


def test_the_environment_holds_what_is_needed_and_nothing_that_stood_around():
    around = {
        "PATH": "/bin",
        "DATABASE_URL": "postgres://x",
        "LABTOOLS_WORKBENCH": "/w",
        "HOME": "/h",
    }

    environment = clean_environment(SERVICE, around)

    assert environment["PATH"] == "/bin"
    assert environment["LABTOOLS_PUBLIC"] == SERVICE.public
    assert "DATABASE_URL" not in environment
    assert "LABTOOLS_WORKBENCH" not in environment
    assert environment["HOME"].startswith(SERVICE.folder)


def test_only_the_names_we_gave_are_answered_and_proxies_need_no_port():
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]

        hosts = allowed_hosts("127.0.0.1", door, ["Tablero.example"])

    assert f"127.0.0.1:{port}" in hosts
    assert "tablero.example" in hosts
    assert "127.0.0.1" not in hosts
