"""The settings of Voilà that close its doors; tests/browser tries the doors themselves."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from tornado.web import HTTPError

pytest.importorskip("voila")

from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

from labtools.dashboards.gate import content_policy, error_page
from labtools.dashboards.hardened import EXTENSIONS, unwanted_extensions, voila_config
from labtools.dashboards.kernels import ALLOWED_MESSAGES, ReaderKernels, is_let_through
from labtools.dashboards.service import Service


@pytest.fixture
def config(tmp_path):
    return voila_config(Service("/w/public", str(tmp_path), ("localhost:1",), idle_minutes=5))


def test_a_viewer_can_choose_neither_theme_nor_template(config):
    assert config.VoilaConfiguration.allow_theme_override == "NO"
    assert config.VoilaConfiguration.allow_template_override == "NO"
    assert config.VoilaConfiguration.template == "laboratorio"


def test_no_file_code_or_traceback_is_shown(config):
    assert config.VoilaConfiguration.file_allowlist == []
    assert config.VoilaConfiguration.strip_sources is True
    assert config.VoilaConfiguration.show_tracebacks is False


def test_kernels_speak_through_private_sockets_and_end_when_left_alone(config, tmp_path):
    assert config.KernelManager.transport == "ipc"
    assert config.Voila.connection_dir_root == str(tmp_path / "kernels")
    assert config.ReaderKernels.cull_idle_timeout == 300
    assert config.ReaderKernels.cull_connected is True


def test_only_the_extensions_that_pages_use_are_loaded(config):
    assert set(config.VoilaConfiguration.extension_denylist) == set(unwanted_extensions())
    assert not set(unwanted_extensions()) & set(EXTENSIONS)


def test_running_code_is_not_among_the_allowed_messages():
    assert not {"execute_request", "complete_request", "inspect_request", "shutdown_request"} & set(
        ALLOWED_MESSAGES
    )


def test_scripts_may_not_stand_in_the_page_nor_come_from_elsewhere():
    policy = dict(
        rule.split(" ", 1) for rule in content_policy(["localhost:1", "[::1]:1"]).split("; ")
    )

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self' 'unsafe-eval'"
    assert "ws://localhost:1" in policy["connect-src"]
    assert "[" not in policy["connect-src"]


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_an_error_is_a_page_in_words_with_a_language(status):
    page = error_page(status)

    assert page.startswith("<!DOCTYPE html>")
    assert 'lang="es"' in page or 'lang="en"' in page


def kernel(seconds_ago):
    """Return a kernel that was last busy some seconds ago."""
    return ServerKernelManager(last_activity=datetime.now(UTC) - timedelta(seconds=seconds_ago))


@pytest.mark.parametrize(
    ("seconds_ago", "pages", "forsaken"),
    [(59, 0, False), (61, 0, True), (61, 1, False), (6_000, 1, False)],
)
def test_a_kernel_is_forsaken_after_a_while_without_its_page(seconds_ago, pages, forsaken):
    kernels = ReaderKernels(alone_seconds=60)
    kernels._given["k"] = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    kernels._kernels["k"] = kernel(seconds_ago)
    kernels._kernel_connections["k"] = pages

    assert kernels._is_forsaken("k") is forsaken


def test_a_kernel_that_waits_for_its_reader_is_never_forsaken_nor_too_old():
    kernels = ReaderKernels(longest_seconds=1)
    kernels._kernels["k"] = kernel(6_000)
    kernels._born["k"] = datetime.now(UTC) - timedelta(seconds=6_000)

    assert not kernels._is_forsaken("k")
    assert not kernels._is_too_old("k")


@pytest.mark.parametrize(("lived", "ended"), [(59, False), (61, True)])
def test_no_kernel_of_a_reader_lives_longer_than_it_may(lived, ended):
    kernels = ReaderKernels(longest_seconds=60)
    kernels.give("k")
    kernels._born["k"] = datetime.now(UTC) - timedelta(seconds=lived)

    assert kernels._is_too_old("k") is ended


def test_a_kernel_that_is_being_started_or_ended_is_not_forsaken():
    kernels = ReaderKernels(alone_seconds=60)
    kernels._given["k"] = datetime.now(UTC) - timedelta(seconds=61)
    kernels._kernels["k"] = ServerKernelManager()

    assert not kernels._is_forsaken("k")


def test_a_kernel_that_no_longer_is_cannot_be_forsaken():
    assert not ReaderKernels()._is_forsaken("gone")


def test_a_full_house_is_refused_before_a_kernel_starts():
    kernels = ReaderKernels(most=1)
    kernels._kernels["k"] = kernel(0)

    with pytest.raises(HTTPError) as refused:
        asyncio.run(kernels.start_kernel(kernel_name="python3"))

    assert refused.value.status_code == 503


def as_sent(header, content, protocol):
    """Return a message as a browser writes it on the line."""
    if not protocol:
        return json.dumps({"header": header, "content": content})
    parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
    return serialize_msg_to_ws_v1(parts, "shell")


PROTOCOLS = ("", "v1.kernel.websocket.jupyter.org")


@pytest.mark.parametrize(
    ("kind", "content", "passes"),
    [
        ("comm_open", {"target_name": "jupyter.widget"}, False),
        ("comm_open", {}, False),
        ("comm_open", {"target_name": "jupyter.widget.control"}, True),
        ("comm_msg", {"comm_id": "x"}, True),
    ],
)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_only_the_widgets_control_may_be_opened(kind, content, passes, protocol):
    message = as_sent({"msg_type": kind}, content, protocol)

    assert is_let_through(message, protocol) is passes


# The third once stopped the whole server: stock Jupyter counts to the number that stands first.
@pytest.mark.parametrize("noise", [b"", b"\0" * 40, b"\xff" * 64, "[]", "null", "{", "[" * 10_000])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_noise_on_the_line_is_dropped(noise, protocol):
    assert not is_let_through(noise, protocol)
