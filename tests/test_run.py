"""What `make demo` does before and without the servers; the rest is in the browser tests."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded import CHECKOUT
from config.run import greeting


def start(folder: Path, port: str) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": os.defpath, "REGULARS_DATA_DIR": str(folder), "PORT": port}
    return subprocess.run(
        [sys.executable, "-m", "config.run"],
        cwd=CHECKOUT,
        env=variables,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = start(tmp_path, str(port))
    assert done.returncode == 1
    assert f"port {port} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1", "²", "٨٠٨٠"])
def test_what_is_no_port_is_refused(tmp_path: Path, port: str) -> None:
    done = start(tmp_path, port)
    assert done.returncode == 1
    assert f"PORT={port} is not a port number" in done.stderr


def test_the_greeting_names_addresses_and_credentials(tmp_path: Path) -> None:
    facts = {
        "demo_url": "http://127.0.0.1:8000/demo/",
        "dashboard_url": "http://127.0.0.1:8000/dashboard/",
        "api_docs_url": "http://127.0.0.1:8000/api/docs/",
        "email": "owner@example.com",
        "password": "a-password",
    }
    said = greeting(facts, tmp_path)
    assert all(value in said for value in facts.values())
    assert str(tmp_path) in said
