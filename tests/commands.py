"""Management commands one after another in one process: starting one for each takes most of its time.

A line of stdin is a JSON list with a command's words; the line of stdout that answers is {"out", "error"}.
"""

import json
import os
import sys
import traceback
from io import StringIO

import django
from django.core.management import CommandError, call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    for asked in sys.stdin:
        out, error = StringIO(), ""
        try:
            call_command(*json.loads(asked), stdout=out)
        except CommandError as refused:
            error = f"refused: {refused}"
        except Exception:
            error = traceback.format_exc()
        print(json.dumps({"out": out.getvalue(), "error": error}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
