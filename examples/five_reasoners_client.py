"""Five reasoners with Maverick's own client: the fourth fails, and a restart reuses the others.

    python examples/five_reasoners_client.py            # MAVERICK_SERVER, MAVERICK_TOKEN

It serves until Ctrl-C. `report.write` calls the other four. While the file `press-is-down` is
there, the fourth fails; take it away and restart the run: three calls come from the first run.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maverick_client import Agent

agent = Agent("report")


@dataclass
class Chapter:
    title: str
    words: int


@agent.reasoner
async def plan(topic: str, chapters: int = 2) -> list[str]:
    return [f"{topic}, part {number + 1}" for number in range(chapters)]


@agent.reasoner
def draft(title: str) -> Chapter:
    """No coroutine: it has a thread of its own."""
    agent.log("drafting", title=title)
    return Chapter(title, words=len(title))


@agent.reasoner
async def review(chapters: list[Chapter]) -> int:
    agent.note(f"{len(chapters)} chapters reviewed")
    return sum(chapter.words for chapter in chapters)


@agent.reasoner
async def publish(words: int) -> str:
    if Path("press-is-down").exists():
        raise RuntimeError("the press is down")
    return f"published {words} words"


@agent.reasoner
async def write(topic: str) -> dict[str, Any]:
    titles = await agent.call("report.plan", topic=topic)
    chapters = [await agent.call("report.draft", title=title) for title in titles]
    words = await agent.call("report.review", chapters=chapters)
    return {"topic": topic, "said": await agent.call("report.publish", words=words)}


if __name__ == "__main__":
    agent.serve()
