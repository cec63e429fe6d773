"""An agent of five reasoners for the scenario: the fourth fails the first time it is called."""

from typing import Any, TypedDict

from maverick_client import Agent

agent = Agent("five")
asked = iter(["first"])


class Found(TypedDict):
    part: str
    hits: list[float | str | None]


@agent.reasoner
async def plan(topic: str) -> list[str]:
    return [f"{topic} a", f"{topic} b"]


@agent.reasoner
def search(part: str) -> Found:
    return {"part": part, "hits": [1, 2.5, None, "ü"]}


@agent.reasoner
async def summarise(found: list[Found]) -> int:
    return sum(len(one["hits"]) for one in found)


@agent.reasoner
async def judge(hits: int) -> dict[str, bool]:
    if next(asked, None):
        raise RuntimeError("the judge is out")
    if hits != 8:  # what was reused has to come back as it was
        raise ValueError(f"{hits} hits")
    return {"good": True}


@agent.reasoner
async def report(topic: str) -> dict[str, Any]:
    parts = await agent.call("five.plan", topic=topic)
    found = [await agent.call("five.search", part=part) for part in parts]
    hits = await agent.call("five.summarise", found=found)
    return {"topic": topic, "verdict": await agent.call("five.judge", hits=hits)}


if __name__ == "__main__":
    agent.serve()
