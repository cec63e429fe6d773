"""What the address of the run list asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from runs.states import RunStatus

CHIPS = ("golden", "restarted", "forked", "resumed")


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What the address of the list asks for. Unknown values are dropped, never an error."""

    status: str = ""
    workflow: str = ""
    chip: str = ""
    tag: str = ""  # of golden runs
    text: str = ""
    before: str = ""  # a run id: older ones
    after: str = ""  # a run id: newer ones

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "RunFilter":
        """Read ``?status=&workflow=&chip=&tag=&q=&before=&after=``."""

        def text(name: str) -> str:
            return str(query.get(name) or "").replace("\x00", "").strip()[:200]

        status, chip = text("status"), text("chip")
        return cls(
            status=status if status in set(RunStatus) else "",
            workflow=text("workflow"),
            chip=chip if chip in CHIPS else "",
            tag=text("tag"),
            text=text("q"),
            before=text("before"),
            after=text("after"),
        )

    def query(self, **changes: str) -> str:
        """The query string of this filter with some fields changed; page marks only if named."""
        fields = {"before": "", "after": "", **changes}
        with_changes = replace(self, **fields)
        pairs = (
            ("status", with_changes.status),
            ("workflow", with_changes.workflow),
            ("chip", with_changes.chip),
            ("tag", with_changes.tag),
            ("q", with_changes.text),
            ("before", with_changes.before),
            ("after", with_changes.after),
        )
        return "?" + urlencode([(key, value) for key, value in pairs if value])

    @property
    def filters(self) -> tuple["ActiveFilter", ...]:
        """The filters that are on, each with the query string that drops it."""
        named = (
            ("status", "status", self.status),
            ("workflow", "workflow", self.workflow),
            ("chip", "chip", self.chip),
            ("tag", "tag", self.tag),
            ("text", "text", self.text),
        )
        return tuple(
            ActiveFilter(word, value, self.query(**{field: ""}))
            for field, word, value in named
            if value
        )


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """One filter that is on."""

    key: str
    value: str
    without: str  # query string
