"""The agent of these tests: a small program that really edits files.

It reads its prompt, looks at the JSON in it and at the files, and does what the agent or generator
of the name in MAVERICK_AGENT would do. Like a good agent it leaves alone what is done already. Each
call is a line of the file that AGENT_CALLS names.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
from typing import Any

NAME = os.environ.get("MAVERICK_AGENT", "")
PROMPT = sys.stdin.read()
HERE = pathlib.Path.cwd()


def context() -> dict[str, Any]:
    found = re.search(r"```json\n(.*?)\n```", PROMPT, re.DOTALL)
    return json.loads(found[1]) if found else {}


def word(text: str) -> str:
    """`Phase 2: High water` → `high_water`."""
    return re.sub(r"[^a-z0-9]+", "_", text.partition(":")[2].strip().lower() or text.lower())


def put(name: str, text: str) -> None:
    path = HERE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(text)
        print(f"wrote {name}", flush=True)


def implement(title: str, *, flaw: str = "") -> None:
    """A module and its test; with a flaw that the checks, or the reviewer, will find."""
    name = word(title)
    top = "import os\n\n\n" if flaw == "unused import" else ""
    put(f"tide/{name}.py", f"{top}def {name}(level: int) -> int:\n    return level + 1\n")
    put(
        f"tests/test_{name}.py",
        f"from tide.{name} import {name}\n\n\ndef test_{name}() -> None:\n"
        f"    assert {name}(1) == 2\n",
    )


def implementer() -> None:
    told = context()
    if told["phase"] == "Phase 9: Broken":
        put("tide/broken.py", "import os\n")
        return
    implement(told["phase"], flaw="unused import" if told["phase_number"] == 2 else "")


def validation_fixer() -> None:
    if "tide/broken.py" in PROMPT:
        print("I do not know what to do.")
        return
    subprocess.run(["ruff", "check", "--fix", "--quiet", "."], check=True)
    subprocess.run(["ruff", "format", "--quiet", "."], check=True)
    print("Removed what nobody uses.")


def undocumented() -> list[str]:
    files = sorted((HERE / "tide").glob("*.py"))
    return [f"tide/{one.name}" for one in files if '"""' not in one.read_text()]


def code_reviewer() -> None:
    issues = [
        {"severity": "major", "file": name, "line": 1, "message": "It says nowhere what it is."}
        for name in undocumented()
    ]
    print("Looking at the change.", file=sys.stderr)
    recommendation = "request_changes" if issues else "approve"
    print(json.dumps({"recommendation": recommendation, "summary": "Read.", "issues": issues}))


def simple_fixer() -> None:
    for name in undocumented():
        path = HERE / name
        path.write_text(f'"""{path.stem}."""\n\n{path.read_text()}')
    subprocess.run(["ruff", "format", "--quiet", "."], check=True)


def issue_fixer() -> None:
    told = context()
    if "impossible" in told["title"].lower() and not os.path.exists(
        os.environ["AGENT_CALLS"] + ".ok"
    ):
        put("tide/half.py", "half = (\n")
        sys.exit("This cannot be done.")
    if "nothing" in told["title"].lower():
        return
    if "broken" in told["title"].lower():
        put("tide/broken.py", "import os\n")
        return
    implement(told["title"])


def commit_message_generator() -> None:
    print("Mend what the checks found\n\nSaid by a generator.")


def pr_title_generator() -> None:
    print("Tides, high and low")


def pr_body_generator() -> None:
    print("What it is about.\n\n" + "\n".join(f"* {one}" for one in context()["commits"]))


if __name__ == "__main__":
    with open(os.environ["AGENT_CALLS"], "a") as calls:
        calls.write(f"{NAME} {os.environ['MAVERICK_STEP_PATH']}\n")
    while os.path.exists(os.environ["AGENT_CALLS"] + ".hang"):
        time.sleep(0.05)
    globals()[NAME]()
