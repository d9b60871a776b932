"""What goes wrong in a storm: processes and servers die at random moments and are started again."""

import contextlib
import os
import random
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import redis

from config import embedded
from config.servers import first_number

# Each kind happens once, and then so often beside the others.
WEIGHTS = {"worker killed": 6, "redis flushed": 3, "redis killed": 2, "postgres restarted": 1}
ROOT = Path(__file__).resolve().parent.parent.parent


class Processes:
    """Web, worker and beat of the Procfile, each in a process group of its own."""

    def __init__(self, variables: Mapping[str, str], logs: Path) -> None:
        self._variables = dict(variables)
        self._logs = logs
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        command = shlex.join([sys.executable, "-m", "config.procfile", name])
        with (self._logs / f"{name}.log").open("ab") as log:
            self._children[name] = subprocess.Popen(
                shlex.split(command), cwd=ROOT, env=self._variables, stdout=log, stderr=log, process_group=0
            )

    def kill(self, name: str) -> None:
        """End a whole group without a word, and its remains."""
        child = self._children[name]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def kill_below(self, name: str) -> None:
        """End the processes that one has started, without a word; it starts others in their place."""
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(self._children[name].pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    process.kill()

    def kill_all(self) -> None:
        for name in self._children:
            self.kill(name)


class Storm(threading.Thread):
    """Brings one fault after another until it is told to stop; every kind of `weights` at least once."""

    def __init__(
        self,
        children: Processes,
        redis_url: str,
        dice: random.Random,
        pause_s: float,
        weights: Mapping[str, int] = WEIGHTS,
    ) -> None:
        super().__init__(name="storm")
        self.happened: Counter[str] = Counter()
        self.problem: BaseException | None = None
        self._children = children
        self._redis = redis.Redis.from_url(redis_url, socket_timeout=2)
        self._dice = dice
        self._pause_s = pause_s
        self._weights = weights
        self._over = threading.Event()
        self._postgres, self._redis_server = embedded.servers()

    def run(self) -> None:
        kinds: dict[str, Callable[[], None]] = {
            "worker killed": self._kill_worker,
            "pool killed": self._kill_pool,
            "redis flushed": self._flush_redis,
            "redis killed": self._kill_redis,
            "postgres restarted": self._restart_postgres,
        }
        wanted = list(self._weights)
        plan = [*wanted, *self._dice.choices(wanted, weights=list(self._weights.values()), k=1000)]
        try:
            for number, kind in enumerate(plan):
                if self._over.wait(self._pause_s * self._dice.uniform(0.3, 1.7)) and number >= len(wanted):
                    return
                kinds[kind]()
                self.happened[kind] += 1
        except BaseException as error:
            self.problem = error
            raise

    def stop(self) -> None:
        """Let the fault in progress end, and wait for it."""
        self._over.set()
        self.join()

    def _kill_worker(self) -> None:
        self._children.kill("worker")
        time.sleep(self._dice.uniform(0, 0.5))
        self._children.start("worker")

    def _kill_pool(self) -> None:
        self._children.kill_below("worker")

    def _flush_redis(self) -> None:
        with contextlib.suppress(redis.RedisError):
            self._redis.flushall()

    def _kill_redis(self) -> None:
        pid = first_number(self._redis_server.data / "redis.pid")
        if pid:
            os.kill(pid, signal.SIGKILL)
        time.sleep(self._dice.uniform(0.1, 1.5))
        embedded.ensure()

    def _restart_postgres(self) -> None:
        self._postgres.crash()
        embedded.ensure()
