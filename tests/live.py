"""The whole of Regulars running: web, worker and beat of the Procfile, with a database of their own."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import psycopg2
import pytest
import redis

from config.procfile import processes
from demo.catalogue import DOMAIN

ROOT = Path(__file__).resolve().parent.parent
READY_TIMEOUT_S = 60
# A store whose Admin API is the demo store's, for shops of the tests' own.
PLAYED_STORE = "corner-clay.myshopify.com"
# One for each of pytest-xdist's workers, so that no stack takes down another's bell.
REDIS_DATABASE = 9 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 6


@dataclass(frozen=True)
class Stack:
    """A running installation in demo mode; `folder` has the log of every process."""

    url: str
    variables: dict[str, str]
    folder: Path
    commands: subprocess.Popen[str]

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end; what it printed on stdout."""
        assert self.commands.stdin
        assert self.commands.stdout
        self.commands.stdin.write(json.dumps(arguments) + "\n")
        self.commands.stdin.flush()
        answer = self.commands.stdout.readline()
        assert answer, f"{shlex.join(arguments)}: {_logs(self)}"
        done: dict[str, str] = json.loads(answer)
        assert not done["error"], f"{shlex.join(arguments)}: {done['out']}\n{done['error']}"
        return done["out"]


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One running installation for the whole session, without any shop."""
    with running_stack(tmp_path_factory.mktemp("live")) as stack:
        yield stack


@contextmanager
def running_stack(folder: Path, **more: str) -> Iterator[Stack]:
    """Start an installation on a free port, with a fresh database; end it and drop the database afterwards."""
    name = f"regulars_live_{os.getpid()}_{time.time_ns() % 10**6}"
    base_url = os.environ["DATABASE_URL"]
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    variables = os.environ | {
        "DATABASE_URL": urlsplit(base_url)._replace(path=f"/{name}").geturl(),
        "REDIS_URL": _redis_url(os.environ["REDIS_URL"]),
        "DEMO": "1",
        "PORT": str(port),
        "PUBLIC_URL": url,
        "OUTBOUND_ROUTES": json.dumps(dict.fromkeys((DOMAIN, PLAYED_STORE), f"{url}/demo")),
        "WEB_WORKERS": "1",
        "WORKER_CONCURRENCY": "3",
        "BEAT_SCHEDULE": str(folder / "beat-schedule"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **more,
    }
    _administer(base_url, f'CREATE DATABASE "{name}"')
    started: list[subprocess.Popen[Any]] = []
    try:
        commands = _start_commands(variables, folder)
        started.append(commands)
        stack = Stack(url, variables, folder, commands)
        redis.Redis.from_url(variables["REDIS_URL"]).flushdb()
        migrate = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=variables, timeout=120, check=True)
        for process, command in processes().items():
            with (folder / f"{process}.log").open("wb") as log:
                started.append(_start(command, variables, log.fileno()))
        _wait_until_ready(stack, started)
        yield stack
    finally:
        _end(started)
        _administer(base_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _start(command: str, variables: dict[str, str], log: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["/bin/sh", "-c", f"exec {command}"],
        cwd=ROOT,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        process_group=0,
    )


def _start_commands(variables: dict[str, str], folder: Path) -> subprocess.Popen[str]:
    with (folder / "commands.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.commands"],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            process_group=0,
        )


def _wait_until_ready(stack: Stack, started: list[subprocess.Popen[Any]]) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{stack.url}/readyz", timeout=5).status_code == 200:
                return
        assert all(child.poll() is None for child in started), _logs(stack)
        time.sleep(0.1)
    raise AssertionError(f"not ready within {READY_TIMEOUT_S} s\n{_logs(stack)}")


def _logs(stack: Stack) -> str:
    return "\n".join(f"{log.name}: {log.read_text()[-2000:]}" for log in sorted(stack.folder.glob("*.log")))


def _end(started: list[subprocess.Popen[Any]]) -> None:
    """Ask every group to end, then make it."""
    for child in started:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
    deadline = time.monotonic() + 10
    for child in started:
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0.1, deadline - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait(5)


def _administer(url: str, statement: str) -> None:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)


def _redis_url(url: str) -> str:
    """The same server, another of its databases."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        query = dict(parse_qsl(parts.query)) | {"db": str(REDIS_DATABASE)}
        return f"unix://{parts.path}?{urlencode(query)}"
    return parts._replace(path=f"/{REDIS_DATABASE}").geturl()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
