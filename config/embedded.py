"""The project's own PostgreSQL and Redis, for a machine that has neither.

`ensure()` starts what is not running and returns the addresses. The data is kept in `data_dir()`:
`<checkout>/.regulars/<instance>/`, for root `/var/lib/regulars/<hash of the checkout>/<instance>/`
(a private home stays private), or `REGULARS_DATA_DIR`. `REGULARS_INSTANCE` (default `demo`) keeps
the demo, the tests and the benchmarks apart. `REGULARS_FAST_PG=1` gives durability up for speed.

    python -m config.embedded start        start the servers and leave them running
    python -m config.embedded stop         stop them
    python -m config.embedded remove       stop them and delete their data and secrets
    python -m config.embedded env          print the addresses as shell exports
    python -m config.embedded run -- CMD   run a command with them; stop them if nobody else uses them
"""

import argparse
import base64
import contextlib
import fcntl
import hashlib
import json
import os
import secrets as random
import shlex
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from config.servers import Owner, Postgres, Redis, ServerError, programs

CHECKOUT = Path(__file__).resolve().parent.parent
SYSTEM_DATA = Path("/var/lib/regulars")
GRACE_S = 15

_using: int | None = None


@dataclass(frozen=True)
class Servers:
    """Where the servers answer.

    `database_url` is understood by libpq, psycopg2 and django-environ; `redis_url` by redis-py.
    Celery spells a socket in another way: see `celery_url`.
    """

    database_url: str
    redis_url: str


def celery_url(redis_url: str) -> str:
    """A redis-py address as Celery spells it: `unix:///p?db=0` is `redis+socket:///p?virtual_host=0`."""
    if not redis_url.startswith("unix://"):
        return redis_url
    return redis_url.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)


def data_dir() -> Path:
    """The folder of this instance's data; made when it is not there."""
    named = os.environ.get("REGULARS_DATA_DIR")
    if named:
        folder = Path(named).resolve()
    else:
        base = SYSTEM_DATA / _short_hash(CHECKOUT) if os.getuid() == 0 else CHECKOUT / ".regulars"
        folder = base / os.environ.get("REGULARS_INSTANCE", "demo")
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    return folder


def ensure() -> Servers:
    """Start what is not running, wait until it answers, return the addresses.

    The servers outlive the caller; while it runs, no `run` of another process stops them. Raises
    ServerError.
    """
    _use()
    postgres, redis = servers()
    if not (postgres.ready() and redis.ready()):
        with _locked():
            for server in (postgres, redis):
                if not server.ready():
                    server.start()
    return Servers(postgres.url, redis.url)


def owned() -> bool:
    """Whether DATABASE_URL and REDIS_URL name the servers of this instance."""
    postgres, redis = servers()
    return (os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")) == (postgres.url, redis.url)


def stop() -> None:
    """Stop both servers, whoever uses them. Raises ServerError when one does not end."""
    with _locked():
        for server in servers():
            server.stop()
        (data_dir() / "keep").unlink(missing_ok=True)


def remove() -> None:
    """Stop both servers and delete their data and the secrets; other files in the folder stay."""
    home = data_dir()
    if (home / "lock").exists():
        stop()
    for folder in (home / "postgres", home / "postgres.unfinished", home / "redis", _sockets(home)):
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("secrets.json", "users.lock", "lock"):
        (home / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        home.rmdir()


def secrets() -> dict[str, str]:
    """SECRET_KEY and SECRET_ENCRYPTION_KEYS of this instance, made once and kept beside the data."""
    path = data_dir() / "secrets.json"
    with _locked():
        if not path.exists():
            key = base64.urlsafe_b64encode(random.token_bytes(32)).decode()
            made = {"SECRET_KEY": random.token_urlsafe(50), "SECRET_ENCRYPTION_KEYS": key}
            unfinished = path.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                json.dump(made, out)
            unfinished.rename(path)
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def environment() -> dict[str, str]:
    """The variables that a process needs to use the servers; starts them unless all are set outside."""
    names = ("DATABASE_URL", "REDIS_URL")
    found = {name: os.environ[name] for name in names if os.environ.get(name)}
    if len(found) < len(names):
        servers = ensure()
        found = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url} | found
    given = {name: os.environ.get(name) or value for name, value in secrets().items()}
    return found | given


def release() -> None:
    """Say that this process needs the servers no more; the last user stops them, unless `start`ed."""
    global _using
    if _using is None:
        return
    try:
        fcntl.flock(_using, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not (data_dir() / "keep").exists():
            stop()
    except BlockingIOError:
        pass
    finally:
        os.close(_using)
        _using = None


def run(command: list[str]) -> int:
    """Run a command with the servers; its exit status. Leaves no process of it behind."""
    from config.processes import MARK, end, signal_group  # noqa: PLC0415 - psutil, only needed here

    asked: list[int] = []
    child: subprocess.Popen[bytes] | None = None

    def forward(number: int, _frame: FrameType | None) -> None:
        if not asked and child is not None:
            signal_group(child.pid, signal.Signals(number))
            signal.setitimer(signal.ITIMER_REAL, GRACE_S)
        asked.append(number)

    def lose_patience(_number: int, _frame: FrameType | None) -> None:
        if child is not None:
            signal_group(child.pid, signal.SIGKILL)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forward)
    signal.signal(signal.SIGALRM, lose_patience)
    mark = uuid.uuid4().hex
    try:
        variables = os.environ | environment() | {MARK: mark}
        if asked:
            return 128 + asked[0]
        child = subprocess.Popen(command, env=variables, process_group=0)
        if asked:
            signal_group(child.pid, signal.Signals(asked[0]))
        with _foreground(child.pid):
            status = child.wait()
        signal.setitimer(signal.ITIMER_REAL, 0)
        return status if status >= 0 else 128 - status
    finally:
        end(mark, grace_s=5)
        release()


def main(arguments: list[str] | None = None) -> int:
    about = "The project's own PostgreSQL and Redis."
    parser = argparse.ArgumentParser(prog="python -m config.embedded", description=about)
    parser.add_argument("action", choices=["start", "stop", "env", "run", "remove"])
    parser.add_argument("command", nargs=argparse.REMAINDER, help="for run: -- and the command")
    given = parser.parse_args(arguments)
    command = given.command[1:] if given.command[:1] == ["--"] else given.command
    if bool(command) != (given.action == "run"):
        parser.error("run needs a command, and only run takes one")
    try:
        if given.action == "stop":
            stop()
        elif given.action == "remove":
            remove()
        elif given.action == "run":
            return run(command)
        else:
            variables = environment()
            if given.action == "start":
                (data_dir() / "keep").touch()
            for name, value in variables.items():
                if given.action == "env" or name.endswith("_URL"):
                    print(f"export {name}={shlex.quote(value)}")
    except ServerError as error:
        print(f"regulars: {error}", file=sys.stderr)
        return 1
    return 0


def servers() -> tuple[Postgres, Redis]:
    """The two servers of this instance, running or not."""
    owner = Owner.choose()
    home = data_dir()
    if os.getuid() == 0:
        SYSTEM_DATA.mkdir(mode=0o755, parents=True, exist_ok=True)
        if owner.run("/bin/sh", "-c", 'cd "$1"', "sh", home)[0] != 0:
            raise ServerError(f"the servers' user {owner.uid} cannot enter {home}: set REGULARS_DATA_DIR")
    sockets = owner.folder(_sockets(home))
    packages = programs(SYSTEM_DATA)
    durable = os.environ.get("REGULARS_FAST_PG") != "1"
    return Postgres(home, sockets, packages, owner, durable=durable), Redis(home, sockets, packages, owner)


def _sockets(home: Path) -> Path:
    """A folder with a short path: that of a socket may have 103 to 107 characters."""
    return Path(f"/tmp/regulars-{os.getuid()}-{_short_hash(home)}")


def _short_hash(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]


def _use() -> None:
    """Hold a shared lock for the life of this process, so that nobody stops the servers under it."""
    global _using
    if _using is None:
        _using = os.open(data_dir() / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(_using, fcntl.LOCK_SH)


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    """One process at a time starts, stops or makes something in the data folder."""
    with os.fdopen(os.open(data_dir() / "lock", os.O_RDWR | os.O_CREAT, 0o600), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _foreground(pgid: int) -> Iterator[None]:
    """Give the terminal, if there is one, to a process group, so that Ctrl-C and input go there."""
    if not sys.stdin.isatty() or os.tcgetpgrp(0) != os.getpgrp():
        yield
        return
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(0, pgid)
    try:
        yield
    finally:
        os.tcsetpgrp(0, os.getpgrp())


if __name__ == "__main__":
    sys.exit(main())
