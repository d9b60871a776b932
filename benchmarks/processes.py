"""Web servers and workers as in the Procfile, for any application, and the CPU time they spend."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import psutil
import redis
from celery import Celery

from benchmarks.client import ask, get
from benchmarks.places import database_url, redis_url, session
from config.embedded import celery_url
from config.procfile import processes

START_S = 60.0
LONGEST_RUN_S = 900.0
OURS = "config.wsgi:application"


@dataclass(frozen=True, slots=True)
class Server:
    """A web server that answers on 127.0.0.1."""

    pid: int
    port: int


@contextmanager
def web(application: str, database: str, redis: str, settings: str = "config.settings") -> Iterator[Server]:
    """Serve `application` with the Procfile's granian until the block ends. Raises RuntimeError."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = processes()["web"].replace(OURS, application)
    with _running(command, database, redis, settings, PORT=str(port)) as pid:
        _wait(lambda: ask(port, get("/healthz"))[0] > 0, f"the web server of {application}")
        yield Server(pid, port)


@contextmanager
def worker(application: str, database: str, number: int, settings: str = "config.settings") -> Iterator[int]:
    """Run the Procfile's Celery worker, 2 processes, on a Redis database; gives its pid."""
    command = processes()["worker"].replace("-A config", f"-A {application}")
    command += f" --hostname bench{number}@%h"
    app = Celery(broker=celery_url(redis_url(number)))
    with _running(command, database, redis_url(number), settings) as pid:
        _wait(lambda: bool(app.control.ping(timeout=0.5)), f"the worker of {application}")
        yield pid
    app.close()


def run(module: str, database: str, *arguments: str, settings: str = "config.settings") -> dict[str, Any]:
    """Run a module on a database in a process of its own; returns the JSON object that it prints."""
    said = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=os.environ | {"DATABASE_URL": database_url(database), "DJANGO_SETTINGS_MODULE": settings},
        capture_output=True,
        timeout=LONGEST_RUN_S,
    )
    if said.returncode:
        raise RuntimeError(f"{module}: {said.stderr[-3000:].decode(errors='replace')}")
    found: dict[str, Any] = json.loads(said.stdout)
    return found


def cpu_s(*pids: int) -> float:
    """CPU seconds that these processes and all below them have spent so far."""
    total = 0.0
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            root = psutil.Process(pid)
            for process in (root, *root.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    total += sum(process.cpu_times()[:4])
    return total


def postgres_pids() -> list[int]:
    """The PostgreSQL server's process, when it runs on this machine."""
    with session() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        with suppress(psutil.Error):
            parent = psutil.Process(cursor.fetchone()[0]).parent()
            return [parent.pid] if parent and "postgres" in parent.name() else []
    return []


def redis_pids() -> list[int]:
    """The Redis server's process, when it runs on this machine."""
    client: redis.Redis = redis.Redis.from_url(os.environ["REDIS_URL"])
    with suppress(psutil.Error):
        process = psutil.Process(int(client.info("server")["process_id"]))
        return [process.pid] if "redis" in process.name() else []
    return []


@contextmanager
def _running(command: str, database: str, redis: str, settings: str, **more: str) -> Iterator[int]:
    variables = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        "DATABASE_URL": database_url(database),
        "REDIS_URL": redis,
        "DJANGO_SETTINGS_MODULE": settings,
        "HOST": "127.0.0.1",
        "STOREFRONT_REQUESTS_PER_MINUTE": "1000000000",
        **more,
    }
    # A file, as a service manager would have; it also tells why a process did not come up.
    with TemporaryFile("w+b") as said:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}"], env=variables, stdout=said, stderr=said, process_group=0
        )
        try:
            yield process.pid
        except Exception as error:
            said.seek(max(0, said.seek(0, os.SEEK_END) - 3000))
            error.add_note(f"{command}\n{said.read().decode(errors='replace')}")
            raise
        finally:
            process.terminate()
            try:
                process.wait(15)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(up: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with suppress(OSError):
            if up():
                return
        time.sleep(0.1)
    raise RuntimeError(f"{what} did not come up")
