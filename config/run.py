"""`make demo`: the servers, the processes of the Procfile and the demo shop, until Ctrl-C.

Everything started here is ended here; what a killed predecessor left behind is ended first.
"""

import contextlib
import fcntl
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType
from typing import NoReturn

from config import embedded
from config.processes import MARK, end
from config.procfile import processes
from config.servers import ServerError
from demo.catalogue import DOMAIN

READY_TIMEOUT_S = 60
GRACE_S = 8
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Failed(Exception):
    """The demo cannot go on; the message says why."""


class Interrupted(Exception):
    """Somebody asked the demo to end."""


class Demo:
    """The child processes of one demo. `variables` is their environment."""

    def __init__(self, variables: dict[str, str], folder: Path, url: str) -> None:
        self.variables = variables
        self.folder = folder
        self.url = url
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start every process of the Procfile, each with a log file of its own."""
        for name, command in processes().items():
            with (self.folder / f"{name}.log").open("wb") as log:
                self.children[name] = self._spawn(
                    ["/bin/sh", "-c", f"exec {command}"], log.fileno(), log.fileno()
                )

    def check(self) -> None:
        """Raise Failed when a process has ended, with the end of its log."""
        for name, child in self.children.items():
            if child.poll() is not None:
                log = self.folder / f"{name}.log"
                tail = log.read_text(errors="replace")[-3000:]
                raise Failed(f"{tail}\n{name} ended with status {child.returncode}; its log is {log}")

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not answers(f"{self.url}/readyz"):
            self.check()
            if time.monotonic() > deadline:
                raise Failed(
                    f"{self.url}/readyz was not ready within {READY_TIMEOUT_S} s; logs: {self.folder}"
                )
            time.sleep(0.1)

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end; what it printed on stdout. Raises Failed."""
        with tempfile.TemporaryFile() as said:
            command = [sys.executable, str(embedded.CHECKOUT / "manage.py"), *arguments]
            child = self._spawn(command, said.fileno(), None, LOG_LEVEL="WARNING")
            while child.poll() is None:
                self.check()
                time.sleep(0.05)
            said.seek(0)
            output = said.read().decode(errors="replace")
        if child.returncode != 0:
            raise Failed(f"{output}\n{shlex.join(arguments)} ended with status {child.returncode}")
        return output

    def watch(self) -> NoReturn:
        """Stay until a process ends or a signal comes."""
        while True:
            self.check()
            time.sleep(0.3)

    def stop(self) -> None:
        """End every process: first by asking it, then, after a while, without asking."""
        for child in self.children.values():
            child.terminate()
        deadline = time.monotonic() + GRACE_S
        for child in self.children.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
        end(self.variables[MARK], grace_s=2)

    def _spawn(
        self, command: list[str], stdout: int, stderr: int | None, **more: str
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            env=self.variables | more,
            cwd=embedded.CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            process_group=0,
        )


def answers(url: str) -> bool:
    """Whether `url` answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def chosen_port() -> int:
    """The port of the environment, 8000 by default. Raises Failed when it is no port or is in use."""
    text = os.environ.get("PORT") or "8000"
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 65536:
        raise Failed(f"PORT={text} is not a port number")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((os.environ.get("HOST") or "127.0.0.1", int(text)))
        except OSError as error:
            raise Failed(f"port {text} cannot be used ({error.strerror}); try PORT=8001 make demo") from None
    return int(text)


def only_one(folder: Path) -> int:
    """Take the lock of the demo in this checkout; its descriptor. Raises Failed when it is taken."""
    lock = os.open(folder / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Failed("make demo is already running in this checkout") from None
    return lock


def child_environment(mark: str, port: int) -> dict[str, str]:
    """What the processes of the demo find in their environment."""
    programs = Path(sys.executable).parent
    own = {
        "DEMO": "1",
        "PORT": str(port),
        "OUTBOUND_ROUTES": json.dumps({DOMAIN: f"http://127.0.0.1:{port}/demo"}),
        "PYTHONUNBUFFERED": "1",
        "BEAT_SCHEDULE": str(embedded.data_dir() / "beat-schedule"),
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        MARK: mark,
    }
    return os.environ | embedded.environment() | own


def greeting(facts: dict[str, str], folder: Path) -> str:
    """The block that tells people where to go."""
    rows = {
        "Demo store": facts.get("demo_url"),
        "Dashboard": facts.get("dashboard_url"),
        "  e-mail": facts.get("email"),
        "  password": facts.get("password"),
        "API": facts.get("api_docs_url"),
        "Logs": str(folder / "*.log"),
    }
    lines = [f"  {label:<12}{value}" for label, value in rows.items() if value]
    return "\n".join(["", "Regulars is ready.", "", *lines, "", "Ctrl-C ends it; its data is kept.", ""])


def run(asked: list[int]) -> None:
    """Run the demo until it is interrupted (Interrupted) or a part of it fails (Failed)."""
    folder = embedded.data_dir()
    lock = only_one(folder)
    mark = f"demo of {folder}"
    demo = None
    try:
        if end(mark, grace_s=GRACE_S):
            print("Ended what an earlier run had left behind.")
        port = chosen_port()
        print("Starting PostgreSQL and Redis…", flush=True)
        demo = Demo(child_environment(mark, port), folder, f"http://127.0.0.1:{port}")
        listen(asked)
        demo.manage("migrate", "--no-input", "--verbosity", "0")
        print("Starting the web server, the worker and the scheduler…", flush=True)
        demo.start()
        demo.wait_until_ready()
        print("Preparing the demo shop…", flush=True)
        facts = json.loads(demo.manage("seed_demo", "--json", "--url", demo.url))
        print(greeting(facts, folder), flush=True)
        demo.watch()
    finally:
        remember(asked)
        if demo is not None:
            print("Stopping…", flush=True)
            demo.stop()
        embedded.release()
        os.close(lock)


def remember(asked: list[int]) -> None:
    """From now on only note a signal: what is being started or ended must not be left half done."""

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    for number in SIGNALS:
        signal.signal(number, note)


def listen(asked: list[int]) -> None:
    """From now on a signal raises Interrupted, once; so does one that has been noted before."""

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        remember(asked)
        asked.append(number)
        raise Interrupted

    for number in SIGNALS:
        signal.signal(number, interrupt)
    if asked:
        raise Interrupted


def main() -> int:
    asked: list[int] = []
    remember(asked)
    try:
        run(asked)
    except Interrupted:
        return 128 + asked[0] if asked[0] != signal.SIGINT else 0
    except (Failed, ServerError) as error:
        print(f"regulars: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
