"""Five reasoners of the `agentfield` package; the fourth fails while the file `broken` is there.

    maverick up                                  # and in a second terminal:
    pip install agentfield && touch broken
    AGENTFIELD_API_KEY=$(cat ~/.maverick/token) python examples/five_reasoners.py

    maverick call five.brief -i topic=owls       # fails in `judge`
    maverick runs show @last --json              # names the execution of `judge`
    rm broken
    maverick execution restart EXECUTION --reason "the judge is back"

The restart answers plan, search and summarise from the first run; judge and brief run again.
"""

import os
from pathlib import Path
from typing import Any

from agentfield import Agent

BROKEN = Path(os.environ.get("FAIL_WHILE", "broken"))
app = Agent(
    node_id="five",
    agentfield_server=os.environ.get("AGENTFIELD_SERVER", "http://127.0.0.1:8000"),
    api_key=os.environ.get("AGENTFIELD_API_KEY"),
)


@app.reasoner()
async def plan(topic: str) -> dict[str, Any]:
    return {"questions": [f"What do {topic} eat?", f"Where do {topic} live?"]}


@app.reasoner()
async def search(questions: list[str]) -> dict[str, Any]:
    return {"found": {question: len(question) for question in questions}}


@app.reasoner()
async def summarise(found: dict[str, int]) -> dict[str, Any]:
    return {"summary": f"{len(found)} questions, {sum(found.values())} answers"}


@app.reasoner()
async def judge(summary: str) -> dict[str, Any]:
    if BROKEN.exists():
        raise RuntimeError("the judge is out")
    return {"good": "2 questions" in summary}


@app.reasoner()
async def brief(topic: str) -> dict[str, Any]:
    planned = await app.call("five.plan", topic=topic)
    searched = await app.call("five.search", questions=planned["questions"])
    told = await app.call("five.summarise", found=searched["found"])
    return {**told, **await app.call("five.judge", summary=told["summary"])}


if __name__ == "__main__":
    app.serve(port=int(os.environ.get("PORT", "9301")), host="127.0.0.1")
