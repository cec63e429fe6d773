"""How a reader looks at a run's graph, as it stands in the address: direction, opened groups,
filter, colours. What is unknown there is left out, never refused: an old link still opens."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from django.http import QueryDict

from runs.projections.graph_asked import Asked
from runs.projections.graph_node_view import NodeView
from runs.projections.graph_view import GraphView
from runs.projections.words import STATUS_WORDS

ALL = "*"
MOST = 100  # groups that an address names
_PART = re.compile(r"(.+)\[(\d{1,9})\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class GraphQuery:
    """``?dir=down&open=fix[40]&open=*&close=plan&status=failed&colour=duration&critical=1``."""

    down: bool = False
    every: bool = False
    at: Mapping[str, int] = field(default_factory=dict)
    shut: frozenset[str] = frozenset()
    statuses: tuple[str, ...] = ()
    heat: bool = False
    critical: bool = False

    @classmethod
    def from_query(cls, query: QueryDict) -> "GraphQuery":
        shut = frozenset(query.getlist("close")[:MOST])
        named = query.getlist("open")[-MOST:] if ALL not in shut else []
        at: dict[str, int] = {}
        for name in named:
            part = _PART.fullmatch(name)
            # The last one counts: a link to another page of a group stands behind the first.
            at |= {part[1]: int(part[2])} if part else {name: at.get(name, 0)}
        return cls(
            down=query.get("dir") == "down",
            every=ALL in named,
            at={path: n for path, n in at.items() if path not in shut and path != ALL},
            shut=shut,
            statuses=tuple(s for s in STATUS_WORDS if s in query.getlist("status")),
            heat=query.get("colour") == "duration",
            critical=query.get("critical") == "1",
        )

    @property
    def changes(self) -> int:
        """How many choices of the menu are not as they are at first."""
        return len(self.statuses) + self.heat + self.critical

    def asked(self, toward: str = "") -> Asked:
        return Asked(self.down, self.every, self.at, self.shut, toward)

    def matches(self, node: NodeView) -> bool:
        """Whether the filter leaves the node bright: itself, or what is in it while it is closed."""
        return node.status in self.statuses or not node.inside.isdisjoint(self.statuses)

    def text(self, view: GraphView | None = None) -> str:
        """The shortest query that says it; of ``view`` it names what really stands open."""
        pairs = [("dir", "down")] if self.down else []
        opened: Iterable[tuple[str, int]] = self.at.items()
        shut = self.shut
        if view is not None:
            opened = [(n.path, n.window.first) for n in view.nodes if n.window is not None]
            shut = frozenset(path for path in shut if path not in dict(opened))
        if self.every:
            pairs.append(("open", ALL))
            opened = [(path, first) for path, first in opened if first]
        pairs += [("open", f"{path}[{n}]" if n else path) for path, n in opened][:MOST]
        pairs += [("close", path) for path in sorted(shut)] if self.every else []
        pairs += [("status", status) for status in self.statuses]
        pairs += [("colour", "duration")] if self.heat else []
        pairs += [("critical", "1")] if self.critical else []
        return "&".join(f"{name}={quote(value, safe='*')}" for name, value in pairs)


PLAIN = GraphQuery()
