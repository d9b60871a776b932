"""The processes of the Procfile. `python -m config.procfile web` becomes the one called `web`."""

import os
import re
import sys
from pathlib import Path
from typing import NoReturn

PROCFILE = Path(__file__).resolve().parent.parent / "Procfile"


def processes() -> dict[str, str]:
    """Name to shell command."""
    return dict(re.findall(r"^(\w+):\s*(.+)$", PROCFILE.read_text(), re.MULTILINE))


def main() -> NoReturn:
    commands = processes()
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(f"usage: python -m config.procfile {'|'.join(commands)}")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.execve("/bin/sh", ["sh", "-c", f"exec {commands[sys.argv[1]]}"], os.environ | {"PATH": path})


if __name__ == "__main__":
    main()
