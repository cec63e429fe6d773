"""What a page's visit says about itself: first paint, layout shift, width, hosts, policy.

``make screenshots`` asks for them with every picture and leaves a table beside the pictures.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, Response

# Shifts that a person has asked for within half a second do not count; nobody asks here.
OBSERVE = """
window.maverickShifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.maverickShifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
READ = """() => ({
  paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
  shift: window.maverickShifts,
  wide: document.documentElement.scrollWidth - innerWidth,
})"""
MOST_SHIFT = 0.02  # a fifth of what web vitals call good; below it nothing moves that one could see


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one page in one window."""

    page: str
    window: str  # width, theme
    paint_ms: float | None
    shift: float  # the sum of layout shifts, 0 to 1 and more
    wide: int  # pixels that the page is wider than its window
    hosts: frozenset[str]  # other than its own
    unsafe: bool  # its policy lets inline scripts or styles run, or it has none

    def wrong(self) -> list[str]:
        """What must not be, in words."""
        found = [f"wider than its window by {self.wide} px"] if self.wide > 0 else []
        if self.shift > MOST_SHIFT:
            found.append(f"moved while it was loading: {self.shift:.3f}")
        found += [f"asked {host}" for host in sorted(self.hosts)]
        return found + (["its content security policy is not strict"] if self.unsafe else [])


class Visit:
    """Notes where a page asks for things; made before the page is opened."""

    def __init__(self, page: Page, name: str, window: str) -> None:
        self._page, self._name, self._window = page, name, window
        self._hosts: set[str] = set()
        page.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https"):
            self._hosts.add(address.netloc)

    def figures(self, answer: Response | None) -> Figures:
        """Once the page has settled; ``answer`` is that of the page itself."""
        read = self._page.evaluate(READ)
        policy = answer.headers.get("content-security-policy", "") if answer else ""
        return Figures(
            self._name,
            self._window,
            read["paint"],
            read["shift"],
            read["wide"],
            frozenset(self._hosts - {urlsplit(self._page.url).netloc}),
            not policy or "unsafe" in policy,
        )


def table(all_of: Iterable[Figures]) -> str:
    """One line a page: the slowest first paint, the largest shift, the widest."""
    pages: dict[str, list[Figures]] = {}
    for one in all_of:
        pages.setdefault(one.page, []).append(one)
    lines = [f"{'page':26} {'first paint':>14} {'shift':>7} {'too wide':>9} {'other hosts':>12}"]
    for name, seen in pages.items():
        paints = sorted(one.paint_ms for one in seen if one.paint_ms is not None)
        first = f"{paints[len(paints) // 2]:,.0f}, {paints[-1]:,.0f}" if paints else "none"
        lines.append(
            f"{name:26} {first:>11} ms {max(one.shift for one in seen):7.3f}"
            f" {max(0, *(one.wide for one in seen)):6} px"
            f" {len(frozenset().union(*(one.hosts for one in seen))):12}"
        )
    return "\n".join([*lines, "First paint: the median and the slowest of all windows.", ""])
