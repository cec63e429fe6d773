"""Two runs side by side: laws that hold for whatever the runs are."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from runs import steppath
from runs.planning.align import Pair, Seen, Side, Verdict, align, first_divergence
from runs.planning.outline import Step

DIGESTS = st.sampled_from(["", "x", "y"])
STATUSES = st.sampled_from(["succeeded", "failed", "skipped"])
SWAPPED = {
    Verdict.ONLY_A: Verdict.ONLY_B,
    Verdict.ONLY_B: Verdict.ONLY_A,
}


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, dict[str, Step]]:
    """Up to six steps, each of which needs some of those before it, and a loop with two."""
    names = [f"s{n}" for n in range(draw(st.integers(1, 6)))]
    top = {}
    for n, name in enumerate(names):
        needs = draw(st.lists(st.sampled_from(names[:n]), unique=True)) if n else []
        top[name] = Step(draw(st.sampled_from("dD")), "c", tuple(needs), n)
    in_order = draw(st.booleans())
    top["loop"] = Step(
        "d", "c", tuple(draw(st.lists(st.sampled_from(names), max_size=1))), len(names),
        in_order=in_order, by_index=not in_order and draw(st.booleans()),
    )  # fmt: skip
    body = {"p": Step("d", "c", (), 0), "q": Step("d", "c", ("p",), 1)}
    return {"": top, "loop": body}


@st.composite
def sides(
    draw: st.DrawFn, run: str = "r", scopes: dict[str, dict[str, Step]] | None = None
) -> Side:
    made = scopes if scopes is not None else draw(definitions())
    items = draw(st.lists(st.sampled_from("ijk"), max_size=4))
    paths = [name for name in made[""] if name != "loop"]
    if draw(st.booleans()):
        begun = draw(st.lists(st.sampled_from(range(len(items))), unique=True)) if items else []
        paths += ["loop", *(f"loop[{n}]/{name}" for n in begun for name in ("p", "q"))]
    kept = [path for path in paths if path == "loop" or draw(st.integers(0, 5))]
    seen = {}
    for path in kept:
        kind = "loop" if path == "loop" else "python"
        pk = f"{run}:{path}"
        known = Seen(
            pk, path, kind, draw(STATUSES), 0, draw(DIGESTS), draw(DIGESTS), draw(DIGESTS), pk
        )
        seen[path] = known
    return Side(seen, made, {"loop": items} if "loop" in seen else {})


@st.composite
def two(draw: st.DrawFn) -> tuple[Side, Side]:
    """Two runs, of one definition or of two."""
    a = draw(sides("a"))
    scopes = None if draw(st.booleans()) else dict(a.scopes)
    b = draw(sides("b", scopes))  # type: ignore[arg-type]
    return a, b


def verdicts(pairs: list[Pair]) -> Counter[tuple[str, str, Verdict]]:
    return Counter(
        (pair.a.path if pair.a else "", pair.b.path if pair.b else "", pair.verdict)
        for pair in pairs
    )


@given(sides())
def test_a_run_is_the_same_as_itself(side: Side) -> None:
    pairs = align(side, side, {})
    assert {pair.verdict for pair in pairs} <= {Verdict.SAME}
    assert first_divergence(pairs) is None
    assert len(pairs) == len(side.seen)


@given(sides())
def test_the_same_values_under_other_ids_are_the_same_and_reused_work_is_reused(side: Side) -> None:
    other = {path: replace(one, id="o" + one.id, origin="") for path, one in side.seen.items()}
    copy = Side(other, side.scopes, side.items)
    assert {pair.verdict for pair in align(side, copy, {})} <= {Verdict.SAME}
    reusing = {path: replace(one, origin=side.seen[path].origin) for path, one in other.items()}
    pairs = align(side, Side(reusing, side.scopes, side.items), {})
    assert {pair.verdict for pair in pairs} <= {Verdict.REUSED}


@given(two())
def test_seen_from_the_other_side_it_is_the_same_picture(both: tuple[Side, Side]) -> None:
    a, b = both
    here = verdicts(align(a, b, {}))
    there = verdicts(align(b, a, {}))
    turned = Counter({(y, x, SWAPPED.get(v, v)): count for (x, y, v), count in there.items()})
    assert here == turned


@given(two())
def test_every_execution_stands_in_exactly_one_pair(both: tuple[Side, Side]) -> None:
    pairs = align(*both, {})
    for side, mine in zip(
        both, ([p.a for p in pairs if p.a], [p.b for p in pairs if p.b]), strict=True
    ):
        assert Counter(one.path for one in mine) == Counter(list(side.seen))
    for pair in pairs:
        if pair.a and pair.b:
            assert steppath.pattern(pair.a.path) == steppath.pattern(pair.b.path)


@given(two())
def test_what_differs_has_a_cause_and_every_consequence_names_one(both: tuple[Side, Side]) -> None:
    pairs = align(*both, {})
    causes = {pair.path for pair in pairs if pair.role == "cause"}
    for pair in pairs:
        assert bool(pair.role) is pair.is_different
        if pair.role == "cause":
            assert pair.root == pair.path
        elif pair.role == "consequence":
            assert pair.root in causes
            assert pair.because == f"follows from `{pair.root}`"
    assert (first_divergence(pairs) is None) is not any(p.is_different for p in pairs)


def line(*names: str) -> dict[str, dict[str, Step]]:
    return {
        "": {name: Step("d", "c", (names[n - 1],) if n else (), n) for n, name in enumerate(names)}
    }


def run(pre: str, values: dict[str, tuple[str, str]]) -> dict[str, Seen]:
    return {
        path: Seen(f"{pre}{path}", path, "python", "succeeded", 0, given_, gave, "", f"{pre}{path}")
        for path, (given_, gave) in values.items()
    }


def test_what_comes_behind_a_difference_follows_from_it_through_steps_that_are_the_same() -> None:
    scopes = line("a", "b", "c", "d")
    a = run("A", {"a": ("1", "1"), "b": ("2", "2"), "c": ("3", "3"), "d": ("4", "4")})
    b = run("B", {"a": ("1", "9"), "b": ("2", "2"), "c": ("8", "3"), "d": ("4", "5")})
    pairs = {pair.path: pair for pair in align(Side(a, scopes), Side(b, scopes), {})}
    assert pairs["a"].because == "the input is the same, the outcome is not"
    assert pairs["b"].verdict is Verdict.SAME
    assert (pairs["c"].role, pairs["c"].root) == ("consequence", "a")
    # Its input is the same: whatever happened above did not reach it.
    assert pairs["d"].role == "cause"


def test_a_step_that_reads_a_changed_input_is_a_cause_of_its_own() -> None:
    scopes = line("a", "b")
    a = run("A", {"a": ("1", "1"), "b": ("2", "2")})
    b = run("B", {"a": ("9", "9"), "b": ("8", "8")})
    changed = {"a": "input `topic` changed"}
    pairs = align(Side(a, scopes), Side(b, scopes), changed)
    assert [pair.because for pair in pairs] == ["input `topic` changed", "follows from `a`"]


def test_an_item_put_in_front_moves_the_turns_and_changes_none() -> None:
    scopes = {"": {"l": Step("d", "c", (), 0)}, "l": {"x": Step("d", "c", (), 0)}}
    a = run("A", {"l": ("12", ""), "l[0]/x": ("1", "1"), "l[1]/x": ("2", "2")})
    b = run(
        "B", {"l": ("012", ""), "l[0]/x": ("0", "0"), "l[1]/x": ("1", "1"), "l[2]/x": ("2", "2")}
    )
    pairs = align(Side(a, scopes, {"l": ("1", "2")}), Side(b, scopes, {"l": ("0", "1", "2")}), {})
    told = [(p.a.path if p.a else None, p.b.path if p.b else None, p.verdict.value) for p in pairs]
    assert told == [
        ("l", "l", "changed"),
        (None, "l[0]/x", "only_b"),
        ("l[0]/x", "l[1]/x", "same"),
        ("l[1]/x", "l[2]/x", "same"),
    ]
    assert (pairs[0].role, pairs[1].role, pairs[1].root) == ("cause", "consequence", "l")


def test_a_step_of_one_definition_only_is_told_as_that() -> None:
    a = run("A", {"a": ("1", "1"), "c": ("1", "1")})
    b = run("B", {"a": ("1", "1"), "b": ("1", "2"), "c": ("2", "2")})
    pairs = align(Side(a, line("a", "c")), Side(b, line("a", "b", "c")), {})
    assert [(p.path, p.verdict.value, p.because) for p in pairs] == [
        ("a", "same", ""),
        ("b", "only_b", "only the definition of B has this step"),
        ("c", "changed", "follows from `b`"),
    ]


def test_a_consequence_is_of_the_nearest_difference() -> None:
    """`far` differs, but `near`, between it and the end, came out the same."""
    scopes = {
        "": {
            "far": Step("d", "c", (), 0),
            "other": Step("d", "c", (), 1),
            "near": Step("d", "c", ("far",), 2),
            "end": Step("d", "c", ("near", "other"), 3),
        }
    }
    a = run("A", {"far": ("1", "1"), "other": ("1", "1"), "near": ("1", "1"), "end": ("1", "1")})
    b = run("B", {"far": ("1", "2"), "other": ("1", "3"), "near": ("1", "1"), "end": ("2", "2")})
    pairs = {pair.path: pair for pair in align(Side(a, scopes), Side(b, scopes), {})}
    assert pairs["near"].verdict is Verdict.SAME
    assert (pairs["end"].role, pairs["end"].root) == ("consequence", "other")
