"""Plays the scenario with the Python client: by_python.py SCENARIO."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from maverick_client import Client, Reuse


class Player:
    """One method for each thing that a step of the scenario may do."""

    def __init__(self, client: Client, definitions: dict[str, list[str]]) -> None:
        self.client, self.definitions = client, definitions
        self.ids: dict[str, str] = {}

    def start(self, step: dict[str, Any]) -> Any:
        text = "\n".join(self.definitions[step["definition"]])
        return self.client.start_run(definition=text, inputs=step["inputs"])

    def wait(self, step: dict[str, Any]) -> Any:
        return self.client.wait(self.ids[step["run"]], timeout=60)

    def graph(self, step: dict[str, Any]) -> Any:
        return self.client.graph(self.ids[step["run"]])

    def events(self, step: dict[str, Any]) -> Any:
        items = [event for event in self.client.events(self.ids[step["run"]]) if event["path"]]
        ended = ("step.succeeded", "step.failed")
        return {"items": [event for event in items if event["kind"] in ended]}

    def why(self, step: dict[str, Any]) -> Any:
        return self.client.why(self.ids[step["run"]], step["path"])

    def preview(self, step: dict[str, Any]) -> Any:
        return self.client.plan_restart(self.ids[step["run"]])

    def restart(self, step: dict[str, Any]) -> Any:
        plan = self.ids.get(step.get("plan", ""))
        reuse: Reuse | None = step.get("reuse")
        return self.client.restart_run(self.ids[step["run"]], plan_id=plan, reuse=reuse)

    def fork(self, step: dict[str, Any]) -> Any:
        return self.client.restart_run(self.ids[step["run"]], input_patch=step["change"])

    def compare(self, step: dict[str, Any]) -> Any:
        return self.client.compare(self.ids[step["run"]], self.ids[step["other"]])

    def lineage(self, step: dict[str, Any]) -> Any:
        return self.client.lineage(self.ids[step["run"]])

    def golden(self, step: dict[str, Any]) -> Any:
        return self.client.mark_golden(self.ids[step["run"]], step["name"], replace=True)

    def check(self, step: dict[str, Any]) -> Any:
        return self.client.check(self.ids[step["run"]], step["against"])

    def unmark(self, step: dict[str, Any]) -> Any:
        return self.client.unmark_golden(self.ids[step["run"]])


def main() -> None:
    """Play every step."""
    scenario = json.loads(Path(sys.argv[1]).read_text())
    with Client(os.environ["MAVERICK_SERVER"], os.environ["MAVERICK_TOKEN"]) as client:
        player = Player(client, scenario["definitions"])
        for step in scenario["steps"]:
            document = getattr(player, step["do"])(step)
            if "as" in step:
                player.ids[step["as"]] = document.get("plan_id") or document["id"]
            print(json.dumps(document), flush=True)


if __name__ == "__main__":
    main()
