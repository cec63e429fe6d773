"""What opens, closes and turns the pages of the groups in a graph: links, each its own address."""

from collections.abc import Iterator
from html import escape
from urllib.parse import quote

from runs.projections.graph_layout import Box
from runs.projections.graph_node_view import NodeView
from runs.web.graph_node import number

SIDE = 24.0  # of one; no target is smaller
_ARROWS = {"open": "M4.5 6.5 8 10l3.5-3.5", "close": "M4.5 9.5 8 6l3.5 3.5",
           "before": "M9.5 4.5 6 8l3.5 3.5", "next": "M6.5 4.5 10 8l-3.5 3.5"}  # fmt: skip


def toggles(node: NodeView, box: Box, far: bool, base: str) -> Iterator[str]:
    """The links of one group. ``base`` is the query that they carry on, without a question mark."""
    if not node.is_group:
        return
    right = box.width - (4 if node.shape == "stack" else 0)
    name = escape(node.full_name)
    path = node.path
    window = node.window
    if window is None:
        what = f"Expand {name}: {node.sentence or node.kind}"
        yield _link("open", path, what, box, right - 28, 3, far, f"{base}&open={_q(path)}")
        return
    close = f"{base}&close={_q(path)}"
    yield _link("close", path, f"Collapse {name}", box, right - 28, 3, far, close)
    if window.of <= window.size:
        return
    # Any part of the other page stands for it.
    for what, at, x in (
        ("before", window.first - 1, right - 62),
        ("next", window.first + window.size, right - 34),
    ):
        if not 0 <= at < window.of:
            continue
        said = f"{'Earlier' if what == 'before' else 'Later'} {node.kind} of {name}"
        href = f"{base}&open={_q(f'{path}[{at}]')}"
        yield _link(what, path, said, box, x, 74, far, href)


def _link(
    what: str, path: str, said: str, box: Box, x: float, y: float, far: bool, query: str
) -> str:
    place = f"{number(box.x + x)} {number(box.y + y)} {SIDE:g} {SIDE:g}"
    state = {"open": ' aria-expanded="false"', "close": ' aria-expanded="true"'}.get(what, "")
    return (
        f'<a class="toggle{" far" if far else ""}" role="button"{state} '
        f'href="?{escape(query.lstrip("&"))}" data-key="{what} {escape(path)}" '
        f'data-group="{escape(path)}" data-box="{place}" aria-label="{said}">'
        f'<svg x="{number(box.x + x)}" y="{number(box.y + y)}">'
        f'<rect class="t-box" width="{SIDE:g}" height="{SIDE:g}" rx="4"/>'
        f'<path class="t-mark" transform="translate(4 4)" d="{_ARROWS[what]}"/></svg></a>'
    )


def _q(path: str) -> str:
    return quote(path, safe="")
