"""What the address of the run list asks for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from runs.projections.run_terms import (
    KEYS,
    LONGEST,
    MOST_TERMS,
    Mistake,
    Term,
    parse,
    read,
    written,
)
from runs.states import RunStatus

ALL = "all"  # `?view=all`: every run, whatever view the list opens with
COLUMNS = ("id", "progress", "duration", "started", "ended", "by", "labels")
USUAL_COLUMNS = ("id", "progress", "duration", "started", "by")

Query = Mapping[str, list[str]]  # as `dict(request.GET.lists())` and `parse_qs` give it


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What the address of the list asks for. What is no filter is told, never an error."""

    terms: tuple[Term, ...] = ()
    text: str = ""
    before: str = ""  # a run id: older ones
    after: str = ""  # a run id: newer ones
    view: str = ""  # the saved view that it began with
    columns: tuple[str, ...] = ()  # empty: as the view or the reader has chosen
    mistakes: tuple[Mistake, ...] = ()

    @classmethod
    def of(cls, search: str) -> "RunFilter":
        """The filter that somebody has typed."""
        found = parse(search)
        return cls(found.terms, found.text, mistakes=found.mistakes)

    @classmethod
    def from_query(cls, query: Query) -> "RunFilter":
        """Read ``?status=failed&-workflow=probe-*&q=…&before=…``; ``q`` may have filters as well."""

        def one(name: str) -> str:
            value = (query.get(name) or [""])[-1]
            return value.replace("\x00", "").strip()[:LONGEST]

        terms: dict[Term, None] = {}
        mistakes: list[Mistake] = []
        for name, values in query.items():
            key = name.removeprefix("-")
            if key not in KEYS and key != "chip":
                continue
            for value in values:
                for made in read(key, value, name.startswith("-")):
                    if isinstance(made, Mistake):
                        mistakes.append(made)
                    else:
                        terms[made] = None
        typed = parse(" ".join(query.get("q") or []))
        found = cls(
            terms=(*terms, *(term for term in typed.terms if term not in terms))[:MOST_TERMS],
            text=typed.text,
            before=one("before"),
            after=one("after"),
            view=one("view")[:40],
            columns=known_columns(one("columns").split(",")),
            mistakes=(*mistakes, *typed.mistakes)[:5],
        )
        # With a filter on, it is no longer the view of all runs.
        return replace(found, view="") if found.view == ALL and not found.is_empty else found

    @property
    def search(self) -> str:
        """The same as one would type it, and as the API and the command line take it."""
        return written(self.terms, self.text)

    @property
    def is_empty(self) -> bool:
        """Whether it finds every run."""
        return not self.terms and not self.text

    def values(self, key: str, exclude: bool = False) -> tuple[str, ...]:
        """The values of a key."""
        return tuple(t.value for t in self.terms if t.key == key and t.exclude == exclude)

    @property
    def statuses(self) -> tuple[str, ...]:
        """Which statuses may be shown; empty when it is not about them."""
        wanted, unwanted = self.values("status"), set(self.values("status", exclude=True))
        if not wanted and not unwanted:
            return ()
        return tuple(s.value for s in RunStatus if s not in unwanted and s in (wanted or RunStatus))

    @property
    def no_status(self) -> bool:
        """Whether it rules every status out, and so every run."""
        return any(term.key == "status" for term in self.terms) and not self.statuses

    @property
    def golden_only(self) -> bool:
        """Whether it asks for golden runs and nothing else."""
        return self.terms == (Term("golden", "yes"),) and not self.text

    def without(self, *keys: str) -> "RunFilter":
        """The filter with nothing said about these keys."""
        return replace(self, terms=tuple(term for term in self.terms if term.key not in keys))

    def but(self, dropped: Term) -> "RunFilter":
        """The filter with one of its terms dropped."""
        return replace(self, terms=tuple(term for term in self.terms if term != dropped))

    def only(self, key: str, value: str) -> "RunFilter":
        """The filter with one value for a key."""
        rest = self.without(key)
        return replace(rest, terms=(*rest.terms, Term(key, value))) if value else rest

    def query(self, **marks: str) -> str:
        """The query string of this filter; the page's mark (before, after) only if named."""
        pairs = [(term.name, term.value) for term in self.terms]
        pairs += [("q", self.text), ("view", self.view), ("columns", ",".join(self.columns))]
        return "?" + urlencode([(key, value) for key, value in (*pairs, *marks.items()) if value])

    def status_query(self, status: str) -> str:
        """The query string with this status alone; with none when it is empty."""
        return self.only("status", status).query()

    @property
    def filters(self) -> tuple["ActiveFilter", ...]:
        """The filters that are on, each with the query string that drops it."""
        made = [ActiveFilter(t.name, t.value, self.but(t).query()) for t in self.terms]
        if self.text:
            made.append(ActiveFilter("text", self.text, replace(self, text="").query()))
        return tuple(made)


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """One filter that is on."""

    key: str
    value: str
    without: str  # query string


def known_columns(names: Iterable[str]) -> tuple[str, ...]:
    """The columns among ``names``, in the order in which they stand."""
    wanted = set(names)
    return tuple(name for name in COLUMNS if name in wanted)
