"""/nodes, /discovery, /memory and the DAG."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

from runs.api.agentfield.manners import answer, body_of, error, text_of
from runs.models import Agent
from runs.operations import agent_memory
from runs.operations.register_agent import heartbeat, register_agent, shut_down
from runs.projections import agent_calls, discovery


def register(request: HttpRequest) -> HttpResponse:
    """An agent says hello. `base_url` is not told back: what is told would replace the agent's."""
    agent = register_agent(body_of(request))
    return answer({"success": True, "node_id": agent.pk, "message": "registered"}, 201)


def beat(request: HttpRequest, node: str) -> HttpResponse:
    """A sign of life; 404 makes the agent register again."""
    if not heartbeat(node, body_of(request)):
        return _unknown(node)
    return answer({"success": True, "node_id": node})


def health(request: HttpRequest, node: str) -> HttpResponse:
    """What somebody says of its health; never an agent itself."""
    body = body_of(request)
    said = text_of(body, "status") or text_of(body, "health_status")
    if not heartbeat(node, {"status": {"active": "ready", "inactive": "offline"}.get(said, said)}):
        return _unknown(node)
    return answer({"success": True, "node_id": node})


def shutdown(request: HttpRequest, node: str) -> HttpResponse:
    """The agent stops."""
    body_of(request)
    return answer({"success": True, "node_id": node}) if shut_down(node) else _unknown(node)


def one(request: HttpRequest, node: str) -> HttpResponse:
    """One agent."""
    agent = Agent.objects.filter(pk=node).first()
    return _unknown(node) if agent is None else answer(agent_calls.node(agent))


def every(request: HttpRequest) -> HttpResponse:
    """All agents."""
    found = [agent_calls.node(agent) for agent in Agent.objects.all()]
    return answer({"nodes": found, "count": len(found)})


def discover(request: HttpRequest) -> HttpResponse:
    """What the agents can do."""
    try:
        return answer(discovery.capabilities(discovery.Wanted.of(request.GET)))
    except ValueError as wrong:
        return error(str(wrong), 400)


def dag(request: HttpRequest, run_id: str) -> HttpResponse:
    """The tree of a run's calls."""
    light = request.GET.get("lightweight", "").lower() in ("1", "true")
    light = light or request.GET.get("mode") == "lightweight"
    return answer(agent_calls.dag(run_id, lightweight=light))


def memory_set(request: HttpRequest) -> HttpResponse:
    body = body_of(request)
    value = agent_memory.keep(_place(request, body), text_of(body, "key"), body.get("data"))
    return answer(value)


def memory_get(request: HttpRequest) -> HttpResponse:
    body = body_of(request)
    for place in agent_memory.places(text_of(body, "scope"), request.headers):
        found = agent_memory.look_up(place, text_of(body, "key"))
        if found is not None:
            return answer(found)
    return error("key not found", 404)


def memory_delete(request: HttpRequest) -> HttpResponse:
    body = body_of(request)
    agent_memory.forget(_place(request, body), text_of(body, "key"))
    return answer({"success": True})


def memory_list(request: HttpRequest) -> HttpResponse:
    return answer(agent_memory.keys(_place(request, {"scope": request.GET.get("scope", "")})))


def memory_history(request: HttpRequest) -> HttpResponse:
    query = request.GET
    patterns = tuple(one for one in query.get("patterns", "").split(",") if one)[:20]
    since = query.get("since", "").replace(" ", "+")  # a plus sign that was not encoded
    try:
        after = datetime.fromisoformat(since) if since else None
        limit = int(query.get("limit") or 100)
    except ValueError:
        return error("since must be a time and limit a number", 400)
    if after is not None and after.tzinfo is None:
        after = after.replace(tzinfo=UTC)
    asked = agent_memory.Asked(
        query.get("scope", ""), query.get("scope_id", "")[:200], patterns, after, max(0, limit)
    )
    return answer(agent_memory.history(request.headers, asked))


def no_address(request: HttpRequest) -> HttpResponse:
    return error("there is nothing at this address", 404)


def no_events(request: HttpRequest) -> HttpResponse:
    return error("streams of memory events are not supported; ask for the history", 404)


def no_identities(request: HttpRequest) -> HttpResponse:
    return error("identities and credentials (DID, VC) are not supported", 404)


def no_vectors(request: HttpRequest) -> HttpResponse:
    return error("vector memory is not supported", 404)


def _place(request: HttpRequest, body: dict[str, object]) -> agent_memory.Place:
    scope = body.get("scope")
    return agent_memory.place(scope if isinstance(scope, str) else "", request.headers)


def _unknown(node: str) -> HttpResponse:
    return error(f"node {node[:200]} not found", 404)
