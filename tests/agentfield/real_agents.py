"""Agents of the published package, run by its own Python: `real_agents.py NAME PORT`.

`research` is the example of the docs: five reasoners, the fourth of which fails while the file
that FAIL_WHILE names is there. Each writes a line for each of its works into WORKS.
"""

import asyncio
import os
import sys
from typing import Any

from agentfield import Agent

name, port = sys.argv[1], int(sys.argv[2])
app = Agent(node_id=name, agentfield_server=os.environ["AGENTFIELD_SERVER"], version="1.0.0")


def worked(what: str) -> None:
    with open(os.environ["WORKS"], "a") as file:
        file.write(what + "\n")


@app.reasoner()
async def plan(topic: str) -> dict[str, Any]:
    worked("plan")
    return {"topic": topic, "parts": ["a", "b"]}


@app.reasoner()
async def search(part: str) -> dict[str, Any]:
    worked(f"search {part}")
    return {"part": part, "found": [1, 2.5, None, "ü"]}


@app.reasoner()
async def summarise(found: list[Any]) -> dict[str, Any]:
    worked("summarise")
    return {"summary": len(found), "text": "x" * 100_000}


@app.reasoner()
async def judge(summary: int) -> dict[str, Any]:
    worked("judge")
    if os.path.exists(os.environ["FAIL_WHILE"]):
        raise RuntimeError("the judge is out")
    return {"good": summary == 2}


@app.reasoner()
async def pipeline(topic: str) -> dict[str, Any]:
    worked("pipeline")
    planned = await app.call(f"{name}.plan", topic=topic)
    found = [await app.call(f"{name}.search", part=part) for part in planned["parts"]]
    told = await app.call(f"{name}.summarise", found=found)
    verdict = await app.call(f"{name}.judge", summary=told["summary"])
    return {"topic": topic, "verdict": verdict}


@app.reasoner()
async def careful(topic: str) -> dict[str, Any]:
    said = await app.pause(approval_request_id=f"ask {topic}", timeout=60)
    return {"approved": said.approved, "feedback": said.feedback}


@app.reasoner()
async def endless() -> dict[str, Any]:
    worked("endless")
    await asyncio.sleep(3600)
    return {}


@app.skill()
def add(a: int, b: int) -> dict[str, Any]:
    return {"sum": a + b}


if __name__ == "__main__":
    app.serve(port=port, host="127.0.0.1")
