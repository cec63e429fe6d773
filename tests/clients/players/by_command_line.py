"""Plays the scenario with the command line, by server: by_command_line.py SCENARIO."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

# What the marks mean that a run's progress has before a step.
MARKS = {"✓": "step.succeeded", "✗": "step.failed"}


class Player:
    """One method for each thing that a step of the scenario may do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ids: dict[str, str] = {}

    def ask(self, *words: str) -> tuple[Any, str]:
        """The document that a command prints last, and what it told on the way."""
        command = [sys.executable, "-m", "runs.cli.main", *words, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=90)
        # 1: what was asked about has failed, or differs; that is for the scenario to judge.
        if done.returncode not in (0, 1):
            raise SystemExit(f"{' '.join(words)}: {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout.splitlines()[-1]), done.stderr

    def start(self, step: dict[str, Any]) -> Any:
        inputs = [
            word for key, value in step["inputs"].items() for word in ("-i", f"{key}={value}")
        ]
        file = str(self.folder / f"{step['definition']}.yaml")
        return self.ask("run", file, *inputs, "--detach")[0]

    def wait(self, step: dict[str, Any]) -> Any:
        return self.ask("runs", "watch", self.ids[step["run"]])[0]

    def graph(self, step: dict[str, Any]) -> Any:
        return {"nodes": self.ask("runs", "show", self.ids[step["run"]])[0]["steps"]}

    def events(self, step: dict[str, Any]) -> Any:
        told = self.ask("runs", "watch", self.ids[step["run"]])[1]
        words = [line.split() for line in told.splitlines()]
        return {
            "items": [{"kind": MARKS[w[0]], "path": w[1]} for w in words if w and w[0] in MARKS]
        }

    def why(self, step: dict[str, Any]) -> Any:
        return self.ask("why", self.ids[step["run"]], step["path"])[0]

    def preview(self, step: dict[str, Any]) -> Any:
        return self.ask("restart", self.ids[step["run"]], "--plan")[0]

    def restart(self, step: dict[str, Any]) -> Any:
        options = ["--plan-id", self.ids[step["plan"]]] if "plan" in step else []
        options += ["--reuse", step["reuse"]] if "reuse" in step else []
        return self.ask("restart", self.ids[step["run"]], *options, "--detach")[0]

    def fork(self, step: dict[str, Any]) -> Any:
        change = [
            word for key, value in step["change"].items() for word in ("-i", f"{key}={value}")
        ]
        return self.ask("fork", self.ids[step["run"]], *change, "--detach")[0]

    def compare(self, step: dict[str, Any]) -> Any:
        return self.ask("runs", "compare", self.ids[step["run"]], self.ids[step["other"]])[0]

    def lineage(self, step: dict[str, Any]) -> Any:
        return self.ask("runs", "lineage", self.ids[step["run"]])[0]

    def golden(self, step: dict[str, Any]) -> Any:
        name = ("--name", step["name"], "--replace")
        return self.ask("runs", "golden", self.ids[step["run"]], *name)[0]

    def check(self, step: dict[str, Any]) -> Any:
        return self.ask("check", self.ids[step["run"]], "--against", step["against"])[0]

    def unmark(self, step: dict[str, Any]) -> Any:
        return self.ask("runs", "golden", self.ids[step["run"]], "--remove")[0]


def main() -> None:
    """Play every step."""
    scenario = json.loads(Path(sys.argv[1]).read_text())
    with tempfile.TemporaryDirectory() as folder:
        for name, lines in scenario["definitions"].items():
            (Path(folder) / f"{name}.yaml").write_text("\n".join(lines))
        player = Player(Path(folder))
        for step in scenario["steps"]:
            document = getattr(player, step["do"])(step)
            if "as" in step:
                player.ids[step["as"]] = document.get("plan_id") or document["id"]
            print(json.dumps(document), flush=True)


if __name__ == "__main__":
    main()
