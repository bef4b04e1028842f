"""What a stranger may not do to the dashboards' server: see the attacks of stock Voilà."""

import http.client
import json
import re
import socket
import stat
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from labtools.dashboards.server import serving
from labtools.dashboards.service import PAGES
from tests.browser.conftest import SECRET, Reader

pytestmark = [pytest.mark.slow]

PATIENCE = 60
LIVE = "/live/colonia_explorer"
WARM = len(PAGES) + 1  # pages kept ready: two of the explorer, one of each other


def ask(server, path, *, method="GET", host="", cookie=""):
    """Return status, headers and body of one request, with any Host header."""
    port = urlsplit(server.url).port
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        told = {"Host": host or f"127.0.0.1:{port}", **({"Cookie": cookie} if cookie else {})}
        line.request(method, path, headers=told)
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read().decode("utf-8", "replace")
    finally:
        line.close()


def measures(server):
    """Return what the server tells of itself."""
    lines = ask(server, "/metrics")[2].splitlines()
    return {line.rsplit(" ", 1)[0]: int(line.rsplit(" ", 1)[1]) for line in lines}


def ready(server):
    """Return how many pages wait for a reader."""
    told = measures(server)
    return told["labtools_kernels"] - told["labtools_kernels_with_a_reader"]


def kernels(server):
    """Return the process ids of the server's kernels."""
    found = []
    for told in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if (
                server.service.folder.encode() in told.read_bytes()
                and b"ipykernel" in told.read_bytes()
            ):
                found.append(int(told.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "169.254.1.1:80"])
def test_a_request_for_another_host_is_refused_before_anything_starts(server, host):
    before = len(kernels(server))

    for path in ("/", LIVE, "/site/index.html", "/health"):
        assert ask(server, path, host=host)[0] == 400
    _, _, body = ask(server, LIVE, host=host)

    assert "leaflet" not in body
    assert len(kernels(server)) <= max(before, WARM)


@pytest.mark.parametrize(
    "path",
    [
        "/voila/files/colonia_explorer.ipynb",
        "/voila/files/../../home",
        "/voila/files/mapa.png",
        "/voila/tree",
        "/voila/api/contents",
        "/voila/render/colonia_explorer.ipynb",
        "/voila/templates/",
        "/voila/templates/lab",
        "/voila/templates/lab/static/%00",
        "/voila/templates/lab/static/../../../conf.json",
        "/voila/static/../../../../etc/passwd",
        "/voila/labextensions/jupyterlab_pygments/package.json",
        "/api/contents",
        "/api/kernels",
        "/api/sessions",
        "/api/terminals",
        "/login",
        "/otro_tablero",
        "/colonia_explorer.ipynb",
    ],
)
def test_what_a_page_does_not_need_is_not_given(server, path):
    assert _becomes(lambda: ready(server) == WARM)
    before = kernels(server)

    status, _, body = ask(server, path)

    assert status in {403, 404}
    assert server.service.folder not in body
    assert set(kernels(server)) <= set(before), "none was started; forsaken ones may have ended"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(server, method):
    status, _, _ = ask(server, "/", method=method)

    assert status in {403, 404, 405}


@pytest.mark.parametrize("path", ["/", "/no_such_page", "/voila/static/none.js"])
def test_every_answer_carries_the_strict_headers(server, path):
    _, headers, _ = ask(server, path)

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Server"] == "labtools"


def test_theme_and_template_cannot_be_chosen_by_the_viewer(server):
    _, _, plain = ask(server, LIVE)

    status, _, body = ask(
        server, LIVE + "?theme=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E&template=rst"
    )

    assert status == 200
    assert "onerror" not in body.split("</head>")[1].split("application/json")[0]
    assert body.count("<script") == plain.count("<script")


def test_the_page_has_no_script_of_its_own_and_names_no_other_host(server):
    _, _, body = ask(server, LIVE)

    inline = re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*json)[^>]*>", body)
    assert inline == []
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", body) == []


def test_the_code_of_the_notebook_is_not_shown(server):
    _, _, body = ask(server, LIVE)

    assert "open_explorer" not in body


def test_no_cookie_says_who_the_reader_is(server):
    _, headers, _ = ask(server, LIVE)

    cookies = headers.get_all("Set-Cookie") or []
    assert [cookie.split("=")[0] for cookie in cookies] == ["_xsrf"]
    assert "samesite=strict" in cookies[0].lower()


def test_kernels_are_reached_through_files_that_only_their_owner_may_enter(server):
    ask(server, LIVE)

    folder = Path(server.service.folder)
    sockets = [file for file in folder.rglob("*") if stat.S_ISSOCK(file.lstat().st_mode)]
    assert sockets
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_kernel_knows_no_secret_of_the_server_and_stands_outside_of_the_workbench(server):
    ask(server, LIVE)

    here = kernels(server)[0]
    environment = Path(f"/proc/{here}/environ").read_text(encoding="utf-8", errors="replace")
    assert SECRET not in environment
    assert str(Path.home()) not in re.findall(r"HOME=([^\0]*)", environment)
    assert Path(f"/proc/{here}/cwd").resolve() == Path(server.service.folder) / "pages"


def test_a_reader_too_many_is_asked_to_wait(server):
    with serving(Path(server.service.public), port=0, most_readers=1) as small:
        answers = [ask(small, LIVE)[0] for _ in range(2)]

        assert answers == [200, 503]
        assert ask(small, "/")[0] == 200, "the still page needs no room"
        assert len(kernels(small)) == 1


def test_when_many_readers_leave_only_the_pages_kept_ready_remain(server):
    def read_by_someone():
        return measures(server)["labtools_kernels_with_a_reader"]

    opened = [ask(server, LIVE)[0] for _ in range(3)]
    assert opened == [200] * 3
    assert read_by_someone() >= 3

    begun = time.monotonic()
    assert _becomes(lambda: read_by_someone() == 0, attempts=240)
    assert _becomes(lambda: len(kernels(server)) == WARM, attempts=240)
    assert time.monotonic() - begun < 60


def test_nothing_is_left_when_the_server_stops(server):
    with serving(Path(server.service.public), port=0) as short:
        assert ask(short, LIVE)[0] == 200
        assert kernels(short)

    assert not Path(short.service.folder).exists()
    assert _becomes(lambda: not kernels(short))


def test_half_a_request_is_dropped_and_does_not_keep_others_waiting(server):
    port = urlsplit(server.url).port
    with ExitStack() as held:
        lines = [
            held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            for _ in range(100)
        ]
        for line in lines:
            line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1")

        assert ask(server, "/health")[0] == 200
        ends = [line.recv(1) for line in lines]  # a line that is not cut raises TimeoutError here

        assert ends == [b""] * len(lines)


def test_a_reader_who_leaves_before_the_page_is_drawn_is_no_fault_of_the_server(server):
    with serving(Path(server.service.public), port=0, most_readers=2) as small:
        assert ask(small, LIVE)[0] == 200  # its kernels take a moment: the next one waits for them
        with socket.create_connection(("127.0.0.1", urlsplit(small.url).port)) as line:
            host = urlsplit(small.url).netloc
            line.sendall(f"GET /live/alerts HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            time.sleep(0.3)

        assert _becomes(lambda: 'status="499"' in ask(small, "/metrics")[2], attempts=240)
        assert 'status="500"' not in ask(small, "/metrics")[2]
        assert _becomes(lambda: len(kernels(small)) <= 2, attempts=240)


def test_a_header_longer_than_any_reader_sends_is_refused(server):
    with pytest.raises(http.client.RemoteDisconnected):
        ask(server, "/health", cookie="x" * 10_000)

    assert ask(server, "/health", cookie="x" * 5_000)[0] == 200


@pytest.mark.browser
def test_a_viewer_cannot_run_code_nor_open_widgets_through_the_socket(reader: Reader, server):
    reader.open(server.live)

    answered = reader.page.evaluate(TALK)

    assert answered["kernel_info_request"] > 0
    assert {kind: n for kind, n in answered.items() if kind != "kernel_info_request"} == {
        "execute_request": 0,
        "complete_request": 0,
        "shutdown_request": 0,
        "comm_open": 0,
    }


TALK = """async () => {
    const told = JSON.parse(document.getElementById("jupyter-config-data").textContent);
    const line = new WebSocket(
        `ws://${location.host}/api/kernels/${told.kernelId}/channels?session_id=stranger`);
    await new Promise(open => { line.onopen = open; });
    const contents = {
        execute_request: {code: "1", silent: false},
        complete_request: {code: "1", cursor_pos: 1},
        shutdown_request: {restart: false},
        comm_open: {comm_id: "x", target_name: "jupyter.widget", data: {}},
        kernel_info_request: {},
    };
    const answered = Object.fromEntries(Object.keys(contents).map(kind => [kind, 0]));
    line.onmessage = event => {
        const parent = JSON.parse(event.data).parent_header?.msg_id ?? "";
        if (parent in answered) answered[parent] += 1;
    };
    for (const [kind, content] of Object.entries(contents)) {
        line.send(JSON.stringify({
            channel: "shell", content, metadata: {}, parent_header: {}, buffers: [],
            header: {msg_id: kind, msg_type: kind, session: "stranger", username: "",
                     version: "5.3", date: new Date().toISOString()},
        }));
    }
    await new Promise(wait => setTimeout(wait, 3000));
    line.close();
    return answered;
}"""


@pytest.mark.browser
def test_a_page_that_is_closed_ends_its_kernel(chromium, server):
    context = chromium.new_context()
    person = Reader(context.new_page())
    person.open(server.live)
    told = person.page.evaluate("document.getElementById('jupyter-config-data').textContent")
    kernel = json.loads(told)["kernelId"]
    own = "; ".join(f"{it['name']}={it['value']}" for it in context.cookies())
    assert ask(server, f"/api/kernels/{kernel}", cookie=own)[0] == 200

    person.page.close(run_before_unload=True)
    context.close()

    assert _becomes(lambda: ask(server, f"/api/kernels/{kernel}", cookie=own)[0] == 404)


def _becomes(holds, attempts=40):
    for _ in range(attempts):
        if holds():
            return True
        time.sleep(0.25)
    return False
