"""Whatever a stranger asks a dashboard's kernel, it answers nothing but what is published."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from pathlib import Path

import pytest

pytest.importorskip("voila")

from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from tests.browser.conftest import SECRET
from tests.browser.test_hardening import LIVE, ask

pytestmark = [pytest.mark.slow]

PROTOCOLS = ("", "v1.kernel.websocket.jupyter.org")
PERSON = "Ximena Zubirán de la Torre"
FOLIO = "FGJ-0911-PLANTADO"
#: Where a workbench keeps what is not published, beside the folder that the server reads.
KEPT_INSIDE = (
    "data/raw/case_files/2026-01-01-abc/casos.csv",
    "data/interim/located/case_files.csv",
    "data/processed/panel.csv",
    "reports/2026-01/internal/city/internal/crime.csv",
    ".env",
)
#: Of the widgets' own control, without which it does not answer.
VERSION = {"version": "1.0.0"}


@pytest.fixture
def planted(server):
    """Lay a person and a folio in every folder of the workbench that is not published."""
    root = Path(server.service.public).parents[2]
    made = []
    for place in KEPT_INSIDE:
        made.append(root / place)
        made[-1].parent.mkdir(parents=True, exist_ok=True)
        made[-1].write_text(f"folio,nombre\n{FOLIO},{PERSON}\n", encoding="utf-8")
    yield made
    for file in made:
        file.unlink()


class Stranger:
    """Somebody with a page of their own, who speaks the kernel's protocol by hand."""

    def __init__(self, server, protocol: str) -> None:
        _, headers, body = ask(server, LIVE)
        self.server, self.protocol = server, protocol
        self.cookie = headers["Set-Cookie"].split(";")[0]
        told = re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', body, re.DOTALL)
        self.kernel = json.loads(told[1])["kernelId"]
        self.line, self.heard, self.told = None, [], []

    async def __aenter__(self):
        self.line = await websocket_connect(
            HTTPRequest(
                self.server.url.replace("http", "ws")
                + f"api/kernels/{self.kernel}/channels?session_id=stranger",
                headers={"Cookie": self.cookie, "Origin": self.server.url.rstrip("/")},
            ),
            subprotocols=[self.protocol] if self.protocol else None,
            max_message_size=2**26,
        )
        return self

    async def __aexit__(self, *_):
        self.line.close()
        while await asyncio.wait_for(self.line.read_message(), 60) is not None:
            continue  # until the server hangs up too: a line left open is a warning elsewhere

    async def say(self, kind: str, content: dict, channel: str = "shell") -> str:
        """Send one message, and return its id."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": "stranger",
            "username": "",
            "version": "5.3",
            "date": "2026-01-01T00:00:00Z",
        }
        if self.protocol:
            parts = [json.dumps(part).encode() for part in (header, {}, VERSION, content)]
            await self.line.write_message(serialize_msg_to_ws_v1(parts, channel), binary=True)
        else:
            message = {"header": header, "metadata": VERSION, "content": content}
            told = {**message, "parent_header": {}, "channel": channel}
            await self.line.write_message(json.dumps(told))
        return header["msg_id"]

    async def asked(self, kind: str = "kernel_info_request", content: dict | None = None):
        """Ask what is answered, and return the answers to everything said until then."""
        own = await self.say(kind, content or {})
        while True:
            raw = await asyncio.wait_for(self.line.read_message(), 60)
            assert raw is not None, "the line was cut"
            self.heard.append(raw)
            self.told.append(self.parts_of(raw))
            _, parent, content = self.told[-1]
            if parent.get("msg_id") == own and content.get("execution_state") == "idle":
                return

    def parts_of(self, raw) -> tuple[dict, dict, dict]:
        if not self.protocol:
            told = json.loads(raw) if isinstance(raw, str) else deserialize_binary_message(raw)
            return told["header"], told["parent_header"], told["content"]
        _, parts = deserialize_msg_from_ws_v1(raw)
        return json.loads(parts[0]), json.loads(parts[1]), json.loads(parts[3])

    def answers_to(self, message: str) -> list[str]:
        """Return the kinds of the messages that came back for one that was sent."""
        told = self.told
        return [header["msg_type"] for header, parent, _ in told if parent.get("msg_id") == message]

    async def states(self) -> dict[str, dict]:
        """Return the state of every widget that the kernel holds, shown or not."""
        comm = uuid.uuid4().hex
        opened = {"comm_id": comm, "target_name": "jupyter.widget.control", "data": {}}
        await self.say("comm_open", opened)
        await self.asked("comm_msg", {"comm_id": comm, "data": {"method": "request_states"}})
        found = [content for _, _, content in self.told]
        told = [it["data"]["states"] for it in found if "states" in it.get("data", {})]
        return {name: it["state"] for name, it in told[-1].items()}


def reveals(heard: list[str | bytes]) -> list[str]:
    """Return which of the planted words stand in what was heard, however they are written."""
    everything = b"\n".join(it if isinstance(it, bytes) else it.encode() for it in heard)
    planted = (PERSON, FOLIO, SECRET)
    return [
        word
        for word in planted
        if word.encode() in everything or json.dumps(word)[1:-1].encode() in everything
    ]


def refused(evil: Path) -> list[tuple[str, dict, str]]:
    """Return every message that a kernel of the stock stack would act on."""
    code = f"open({str(evil)!r}).read()"
    opened = {"comm_id": "x", "data": {"state": {"value": code}}}
    return [
        *(
            (kind, content, channel)
            for channel in ("shell", "control", "stdin", "iopub")
            for kind, content in {
                "execute_request": {"code": code, "silent": False, "store_history": False},
                "inspect_request": {"code": "open_explorer", "cursor_pos": 3, "detail_level": 1},
                "complete_request": {"code": "open_", "cursor_pos": 5},
                "history_request": {"hist_access_type": "range", "output": True, "raw": True},
                "is_complete_request": {"code": code},
                "debug_request": {"type": "request", "command": "dumpCell", "arguments": {}},
                "create_subshell_request": {},
                "list_subshell_request": {},
                "usage_request": {},
                "interrupt_request": {},
                "shutdown_request": {"restart": False},
                "input_reply": {"value": code, "status": "ok"},
                "execute_reply": {"status": "ok"},
                "no_such_request": {"code": code},
            }.items()
        ),
        ("comm_open", {**opened, "target_name": "jupyter.widget"}, "shell"),
        ("comm_open", {**opened, "target_name": "os", "target_module": "os"}, "shell"),
        ("comm_open", {"target_name": "jupyter.widget.control\0"}, "shell"),
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_question_of_the_protocol_brings_more_than_what_is_published(server, planted, protocol):
    async def talk(stranger):
        async with stranger:
            sent = [await stranger.say(*message) for message in refused(planted[0])]
            known = await stranger.states()
            controls = {it: state for it, state in known.items() if CONTROLS & set(state)}
            for words in forged(planted[0]):
                for name, state in controls.items():
                    for trait in TRAITS & set(state):
                        data = {"method": "update", "state": {trait: words}, "buffer_paths": []}
                        await stranger.say("comm_msg", {"comm_id": name, "data": data})
            await stranger.say("comm_msg", {"comm_id": "none", "data": {"method": "custom"}})
            await stranger.asked("comm_info_request", {"target_name": "jupyter.widget"})
            after = await stranger.states()
            return sent, known, after

    stranger = Stranger(server, protocol)
    sent, known, after = asyncio.run(talk(stranger))

    assert {message: stranger.answers_to(message) for message in sent} == {it: [] for it in sent}
    assert set(after) >= set(known)
    assert any(CONTROLS & set(state) for state in known.values()), "there is something to forge"
    assert "Las Peñas" in json.dumps(known, ensure_ascii=False), "what is published is told"
    assert reveals(stranger.heard) == []


#: What of a widget names something: a colonia, a file, a class, another widget.
TRAITS = {"value", "index"}
#: What only lists and boxes to type in have.
CONTROLS = {"_options_labels", "continuous_update"}


def forged(evil: Path) -> list[object]:
    """Return what widgets may be told that they were not made for."""
    return [
        str(evil),
        f"../../../{evil.name}",
        "c12",
        -1,
        10_000,
        {"path": str(evil)},
        [f"IPY_MODEL_{uuid.uuid4().hex}"],
    ]


def test_a_kernel_holds_nothing_but_what_is_published(server, planted):
    stranger = Stranger(server, "")
    process = process_of(server, stranger.kernel)
    root = planted[0].parents[4]

    opened = {file.resolve() for file in Path(f"/proc/{process}/fd").iterdir()}
    mapped = set(re.findall(r"(/\S+)$", Path(f"/proc/{process}/maps").read_text(), re.MULTILINE))
    inside = [str(it) for it in (*opened, *map(Path, mapped)) if it.is_relative_to(root)]

    assert [it for it in inside if not it.startswith(server.service.public)] == []
    assert in_memory(process, "Las Peñas", SECRET, PERSON, FOLIO) == ["Las Peñas"]


def process_of(server, kernel: str) -> int:
    """Return the process of a kernel."""
    for told in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"kernel-{kernel}".encode() in told.read_bytes():
                return int(told.parent.name)
        except OSError:
            continue
    return pytest.fail(f"the kernel {kernel} of {server.url} is no process")


def in_memory(process: int, *words: str) -> list[str]:
    """Return which words stand anywhere in what a process holds in memory."""
    found, sought = set(), {word: word.encode() for word in words}
    with Path(f"/proc/{process}/maps").open() as maps, open_memory(process) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if "rw" not in rights or "[v" in line:
                continue
            first, last = (int(end, 16) for end in span.split("-"))
            try:
                memory.seek(first)
                held = memory.read(last - first)
            except OSError:
                continue
            found |= {word for word, told in sought.items() if told in held}
    return [word for word in words if word in found]


def open_memory(process: int):
    try:
        return Path(f"/proc/{process}/mem").open("rb", buffering=0)
    except PermissionError:
        pytest.skip("this account may not read the memory of its own processes")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nobody_reaches_the_kernel_of_another_reader(server, protocol):
    victim, other = Stranger(server, protocol), Stranger(server, protocol)

    async def attach(cookie):
        thief = victim
        thief.cookie = cookie
        async with thief:
            await thief.asked()

    for cookie in (other.cookie, "_xsrf=2|0|0|0", "theme=dark"):
        with pytest.raises(HTTPClientError) as kept_out:
            asyncio.run(attach(cookie))
        assert kept_out.value.code == 404
    for path in (f"/api/kernels/{victim.kernel}", f"/voila/api/shutdown/{victim.kernel}"):
        assert ask(server, path)[0] == 404
        assert ask(server, path, method="POST")[0] in {403, 404}
    assert process_of(server, victim.kernel), "it lives on, for its own reader"
