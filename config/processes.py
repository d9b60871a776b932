"""Ending whole families of processes, also those whose parent died without a word."""

import contextlib
import os
import signal
import time

import psutil

#: Every process started for a run carries this variable, inherited by its children.
MARK = "REGULARS_RUN"


def marked(mark: str) -> list[psutil.Process]:
    """The running processes that were started under `mark`, without the caller and its ancestors."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            running = process.pid not in own and process.status() != psutil.STATUS_ZOMBIE
            if running and process.environ().get(MARK) == mark:
                found.append(process)
    return found


def end(mark: str, grace_s: float) -> int:
    """End every process under `mark`: SIGTERM, and SIGKILL after `grace_s` seconds. How many there were."""
    processes = marked(mark)
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=grace_s)
    deadline = time.monotonic() + 5
    while stubborn and time.monotonic() < deadline:
        for process in stubborn:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(stubborn, timeout=1)
        stubborn = marked(mark)
    return len(processes)


def signal_group(pgid: int, number: signal.Signals) -> None:
    """Send a signal to a process group; one that is gone already is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pgid, number)
