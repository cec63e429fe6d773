"""/nodes, /discovery, /memory and the DAG."""

from django.http import HttpRequest, HttpResponse

from runs.api.agentfield.manners import answer, body_of, error, text_of
from runs.models import Agent
from runs.operations import agent_memory
from runs.operations.register_agent import heartbeat, register_agent, shut_down
from runs.projections import agent_calls


def register(request: HttpRequest) -> HttpResponse:
    """An agent says hello. `base_url` is not told back: what is told would replace the agent's."""
    agent = register_agent(body_of(request))
    return answer({"success": True, "node_id": agent.pk, "message": "registered"}, 201)


def beat(request: HttpRequest, node: str) -> HttpResponse:
    """A sign of life; 404 makes the agent register again."""
    if not heartbeat(node, body_of(request)):
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
    query = request.GET
    agent = query.get("agent") or query.get("agent_id") or query.get("node_id") or ""
    tags = [tag for tag in query.get("tags", "").split(",") if tag]
    return answer(agent_calls.capabilities(agent, tags))


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
    found = agent_memory.look_up(_place(request, body), text_of(body, "key"))
    return error("key not found", 404) if found is None else answer(found)


def memory_delete(request: HttpRequest) -> HttpResponse:
    body = body_of(request)
    agent_memory.forget(_place(request, body), text_of(body, "key"))
    return answer({"success": True})


def memory_list(request: HttpRequest) -> HttpResponse:
    return answer(agent_memory.keys(_place(request, {"scope": request.GET.get("scope", "")})))


def no_vectors(request: HttpRequest) -> HttpResponse:
    return error("vector memory is not supported", 404)


def _place(request: HttpRequest, body: dict[str, object]) -> agent_memory.Place:
    scope = body.get("scope")
    return agent_memory.place(scope if isinstance(scope, str) else "", request.headers)


def _unknown(node: str) -> HttpResponse:
    return error(f"node {node[:200]} not found", 404)
