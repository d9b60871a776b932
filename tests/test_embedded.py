"""The embedded PostgreSQL and Redis: real servers, started and killed in a folder of their own."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis
from kombu import Connection

from config.embedded import CHECKOUT, celery_url
from config.servers import wait_until

Variables = dict[str, str]


def embedded(folder: Path, *arguments: str, **options: object) -> subprocess.Popen[str]:
    """`python -m config.embedded` with the data in `folder`, and no servers of the surroundings."""
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("REGULARS_", "SECRET_"))
    }
    for name in ("DATABASE_URL", "REDIS_URL"):
        variables.pop(name, None)
    return subprocess.Popen(
        [sys.executable, "-m", "config.embedded", *arguments],
        cwd=CHECKOUT,
        env=variables | {"REGULARS_DATA_DIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return output


def addresses(folder: Path) -> Variables:
    """Start the servers; the variables that `env` prints."""
    script = f"eval \"$({sys.executable} -m config.embedded env)\" && {sys.executable} -c '{DUMP}'"
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=CHECKOUT,
        env={"PATH": os.defpath, "REGULARS_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: Variables = json.loads(done.stdout)
    return found


DUMP = "import json, os; print(json.dumps(dict(os.environ)))"


def server_processes(folder: Path) -> list[int]:
    """The pids that the servers of `folder` wrote down and that still run."""
    pids = []
    for name in ("postgres/postmaster.pid", "redis/redis.pid"):
        path = folder / name
        if path.exists():
            pid = int(path.read_text().split()[0])
            if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                pids.append(pid)
    return pids


def query(url: str, statement: str) -> object:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None
    finally:
        connection.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty data folder that the servers' user can reach (pytest's own is closed to it)."""
    path = Path(tempfile.mkdtemp(prefix="regulars-test-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    finish(embedded(path, "remove"))
    shutil.rmtree(path, ignore_errors=True)


def test_servers_answer_and_keep_their_data_and_secrets(folder: Path) -> None:
    first = addresses(folder)
    url = first["DATABASE_URL"]
    assert str(query(url, "SHOW server_version")).startswith("18")
    assert query(url, "SHOW server_encoding") == "UTF8"
    assert query(url, "SHOW timezone") == "UTC"
    assert query(url, "SHOW fsync") == "on"
    assert query(url, "SHOW listen_addresses") == ""
    assert query(url, "SELECT upper('ä ł')") == "Ä Ł"
    query(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    finish(embedded(folder, "stop"))
    assert server_processes(folder) == []
    second = addresses(folder)
    assert query(second["DATABASE_URL"], "SELECT answer FROM kept") == 42
    assert second["SECRET_KEY"] == first["SECRET_KEY"]
    assert second["SECRET_ENCRYPTION_KEYS"] == first["SECRET_ENCRYPTION_KEYS"]
    assert stat.S_IMODE((folder / "secrets.json").stat().st_mode) == 0o600


def test_redis_answers_redis_py_and_celery_under_one_address(folder: Path) -> None:
    url = addresses(folder)["REDIS_URL"]
    assert redis.Redis.from_url(url).ping()
    with Connection(celery_url(url)) as broker:
        broker.SimpleQueue("bell").put("ring")
    assert redis.Redis.from_url(url).llen("bell") == 1
    assert celery_url("redis://redis:6379/0") == "redis://redis:6379/0"


def test_killed_servers_recover_with_everything_committed(folder: Path) -> None:
    url = addresses(folder)["DATABASE_URL"]
    query(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    killed = server_processes(folder)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    assert len(killed) == 2
    again = addresses(folder)
    assert query(again["DATABASE_URL"], "SELECT answer FROM kept") == 42
    assert redis.Redis.from_url(again["REDIS_URL"]).ping()


def test_a_pid_file_that_names_another_process_is_no_hindrance(folder: Path) -> None:
    addresses(folder)
    finish(embedded(folder, "stop"))
    other = subprocess.Popen(["sleep", "60"])
    try:
        (folder / "postgres" / "postmaster.pid").write_text(f"{other.pid}\n{folder}/postgres\n")
        assert query(addresses(folder)["DATABASE_URL"], "SELECT 1") == 1
    finally:
        other.kill()
        other.wait()


def test_folders_keep_their_permissions_and_servers_are_private(folder: Path) -> None:
    inner = folder / "private"
    inner.mkdir(mode=0o751)
    inner.chmod(0o751)
    parents = [inner, *inner.parents]
    before = [path.stat().st_mode for path in parents]
    try:
        socket = Path(redis_socket(addresses(inner)))
        assert [path.stat().st_mode for path in parents] == before
        for path in (inner / "postgres", inner / "redis", socket.parent):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert len(str(socket)) < 100
    finally:
        finish(embedded(inner, "remove"))
    assert not inner.exists()


def redis_socket(variables: Variables) -> str:
    return variables["REDIS_URL"].removeprefix("unix://").split("?")[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_leaves_nothing_behind(folder: Path, number: signal.Signals) -> None:
    """Not even a grandchild in a session of its own that ignores requests to end."""
    stubborn = "import os, signal, time; os.setsid(); signal.signal(15, signal.SIG_IGN); time.sleep(300)"
    child = (
        "import subprocess, sys, time\n"
        f"print(subprocess.Popen([sys.executable, '-c', {stubborn!r}]).pid, flush=True)\n"
        "time.sleep(300)"
    )
    process = embedded(folder, "run", "--", sys.executable, "-c", child)
    assert process.stdout is not None
    grandchild = int(process.stdout.readline())
    servers = server_processes(folder)
    assert len(servers) == 2
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number or process.returncode == 1
    assert wait_until(lambda: server_processes(folder) == [], 5)
    assert not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE


def test_run_gives_the_addresses_and_hands_on_the_status(folder: Path) -> None:
    code = "import os, sys; sys.exit(7 if os.environ['DATABASE_URL'] and os.environ['SECRET_KEY'] else 1)"
    process = embedded(folder, "run", "--", sys.executable, "-c", code)
    process.communicate(timeout=60)
    assert process.returncode == 7
    assert server_processes(folder) == []


def test_the_last_user_stops_the_servers(folder: Path) -> None:
    long = embedded(folder, "run", "--", sys.executable, "-c", "input()", stdin=subprocess.PIPE)
    assert wait_until(lambda: len(server_processes(folder)) == 2, 30)
    finish(embedded(folder, "run", "--", "true"))
    time.sleep(0.2)
    assert len(server_processes(folder)) == 2
    long.communicate("\n", timeout=60)
    assert server_processes(folder) == []


def test_started_servers_outlive_a_run(folder: Path) -> None:
    assert "DATABASE_URL" in finish(embedded(folder, "start"))
    finish(embedded(folder, "run", "--", "true"))
    assert len(server_processes(folder)) == 2
