"""Random workflow files that are right, as plain values, for tests of laws that hold for all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from runs.definition import WorkflowSpec

Document = dict[str, Any]

WORDS = st.sampled_from(
    ["x", "make all", "no", "1.0", "null", "ä ö", "a: b", "# c", "'", '"', "{", "|"]
)
EXPRESSIONS = st.sampled_from(
    ["${{ inputs.i0 }}", "${{ run.id }} and ${{ inputs.i1 }}", "$${{ kept", "${{ [1, {'a': 2}] }}"]
)
TEXTS = WORDS | EXPRESSIONS | st.text(max_size=6).filter(lambda text: "${{" not in text and text)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**12) | st.floats(-1e6, 1e6) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
MAPPINGS = st.dictionaries(st.text("abc_-", min_size=1, max_size=4), VALUES, max_size=3)
CONDITIONS = st.sampled_from(
    ["inputs.i0", "${{ inputs.i0 == 1 }}", True, False, "not (run.id in ['a'])", "env.CI or 1 > 2"]
)
DURATIONS = st.sampled_from([1, 0.5, "30s", "1h30m", "250ms", "2 d", "7"])
COUNTS = st.integers(0, 5) | st.just("${{ inputs.i1 }}")

COMMON: dict[str, st.SearchStrategy[Any]] = {
    "when": CONDITIONS,
    "retry": st.integers(1, 5)
    | st.fixed_dictionaries(
        {"max_attempts": st.integers(1, 5)},
        optional={
            "backoff": DURATIONS | st.just({"initial": "1s", "factor": 3, "max": 9}),
            "on": st.just("timeout") | st.lists(WORDS, max_size=2),
        },
    ),
    "timeout": DURATIONS,
    "effect": st.sampled_from(["pure", "idempotent", "once", "ask"]),
    "rollback": st.just("undo") | st.fixed_dictionaries({"action": WORDS, "kwargs": MAPPINGS}),
    "outputs": MAPPINGS,
    "requires": st.just("git") | st.just(["gh", "jj"]),
    "metadata": MAPPINGS,
    "needs": st.just([]),
}


def _step(kind: str, required: dict[str, Any], optional: dict[str, Any]) -> Any:
    return st.fixed_dictionaries(
        {"type": st.just(kind), **required}, optional={**COMMON, **optional}
    )


CONTEXT = {"context": MAPPINGS | st.just("builder"), "output_schema": st.just({"type": "object"})}
CONFIG = st.fixed_dictionaries(
    {},
    optional={
        "model_id": TEXTS, "temperature": st.floats(0, 1), "max_tokens": st.integers(1, 200_000),
        "timeout": DURATIONS, "max_retries": st.integers(0, 9), "allowed_tools": st.lists(WORDS),
        "prompt_suffix": TEXTS, "mode": st.just("agent"),
    },
)  # fmt: skip
DECLARED = st.one_of(
    st.fixed_dictionaries({"type": st.just("integer")}, optional={"default": st.integers()}),
    st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={"default": st.text(max_size=5).filter(lambda t: "${{" not in t),
                  "description": st.text(max_size=9), "secret": st.booleans()},
    ),
    st.fixed_dictionaries({"type": st.just("array")}, optional={"required": st.booleans()}),
    st.just({"type": "string", "enum": ["a", "b"], "default": "b"}),
    st.just({"type": "object", "required": True, "default": None}),
)  # fmt: skip

LEAVES = st.one_of(
    _step("python", {"action": WORDS}, {"kwargs": MAPPINGS, "args": st.lists(VALUES, max_size=2)}),
    _step("shell", {"run": TEXTS}, {"cwd": TEXTS, "env": st.just({"A": 1, "B": None, "C": "x"}),
                                    "shell": st.just("sh")}),
    _step("agent", {"agent": TEXTS}, {**CONTEXT, "config": CONFIG}),
    _step("generate", {"generator": WORDS}, {**CONTEXT, "config": CONFIG}),
    _step("checkpoint", {}, {"checkpoint_id": TEXTS}),
    _step("subworkflow", {"workflow": WORDS}, {"inputs": MAPPINGS}),
    _step("wait", {"seconds": DURATIONS | st.just("${{ inputs.i1 }}m")}, {}),
    _step("wait", {"until": st.sampled_from(["2026-01-01", "2026-01-01T10:00:00+02:00"])}, {}),
    _step("approval", {"prompt": TEXTS}, {
        "approvers": st.just("admin") | st.lists(WORDS, max_size=2),
        "form": st.dictionaries(st.sampled_from(["f", "g-h"]), DECLARED, max_size=2),
    }),
)  # fmt: skip


def _containers(inner: st.SearchStrategy[Document]) -> st.SearchStrategy[Document]:
    steps = st.lists(inner, min_size=1, max_size=3)
    arm = st.fixed_dictionaries({"when": CONDITIONS, "step": inner})
    stage = st.fixed_dictionaries({"name": WORDS, "run": TEXTS}, optional={"timeout": DURATIONS})
    validate = {k: v for k, v in COMMON.items() if k != "retry"}
    return st.one_of(
        _step("loop", {"steps": steps}, {}),
        _step("loop", {"steps": steps, "parallel": st.booleans()}, {}),
        _step(
            "loop",
            {"steps": steps, "for_each": st.lists(VALUES, max_size=2) | st.just("inputs.i2")},
            {"max_concurrency": COUNTS},
        ),
        _step("loop", {"steps": steps, "until": CONDITIONS}, {"max_iterations": st.integers(1, 9)}),
        _step("parallel", {"steps": steps, "for_each": st.just("${{ inputs.i2 }}")}, {}),
        _step("branch", {"options": st.lists(arm, min_size=1, max_size=2)}, {"else": inner}),
        st.fixed_dictionaries(
            {"type": st.just("validate"),
             "stages": st.just("lint") | st.lists(WORDS | stage, min_size=1, max_size=2)},
            optional={**validate, "retry": COUNTS, "on_failure": inner, "fail": st.booleans(),
                      "cwd": TEXTS},
        ),
        st.tuples(inner.filter(lambda step: "on_error" not in step), _LEAF).map(
            lambda both: {**both[0], "on_error": both[1]}
        ),
        inner.map(lambda step: {**step, "on_error": step.get("on_error", "continue")}),
    )  # fmt: skip


# Deferred: what Hypothesis would print of it is as long as this file.
_LEAF = st.deferred(lambda: LEAVES)
STEPS = st.deferred(lambda: st.recursive(_LEAF, _containers, max_leaves=5))


def _named(document: Document) -> Document:
    """Every step gets a name of its own."""
    for number, step in enumerate(raw_steps(document)):
        rest = dict(step)
        step.clear()
        step["name"] = f"s{number}" if number % 3 else f"step-{number}"
        step.update(rest)
    return document


def raw_steps(document: Document) -> Iterator[Document]:
    """Every step of a document, outer ones first."""
    todo: list[Any] = list(document["steps"])
    while todo:
        step = todo.pop(0)
        if not isinstance(step, dict):
            continue
        yield step
        todo += step.get("steps", []) + [option["step"] for option in step.get("options", [])]
        todo += [step[key] for key in ("else", "on_error", "on_failure") if key in step]


def _copied(value: Any) -> Any:
    """Hypothesis may hand one object out twice; names must not be shared."""
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


DOCUMENTS: st.SearchStrategy[Document] = (
    st.fixed_dictionaries(
        {
            "version": st.sampled_from(["1.0", 1.0, 1, "1.7"]),
            "name": st.sampled_from(["demo", "a", "x-1"]),
            "inputs": st.just(
                {"i0": {"type": "integer"}, "i1": {"type": "integer", "default": 1},
                 "i2": {"type": "array"}}
            ) | st.builds(
                lambda extra: {"i0": {"type": "string"}, "i1": {"type": "string"},
                               "i2": {"type": "array"}, **extra},
                st.dictionaries(st.sampled_from(["more", "a-b"]), DECLARED, max_size=2),
            ),
            "steps": st.lists(STEPS, min_size=1, max_size=3),
        },
        optional={"description": st.text(max_size=9), "outputs": MAPPINGS, "metadata": MAPPINGS},
    )
    .map(_copied)
    .map(_named)
)  # fmt: skip


_MAY_BE_LEFT_OUT = frozenset(
    [
        "outputs",
        "requires",
        "config",
        "metadata",
        "kwargs",
        "args",
        "env",
        "inputs",
        "form",
        "approvers",
        "context",
    ]
)


def as_written(spec: WorkflowSpec) -> Document:
    """A spec as the document that it could have come from."""
    document = spec.model_dump(mode="json", by_alias=True)
    del document["file"]
    document["inputs"] = {name: _declaration(one) for name, one in document["inputs"].items()}
    document["steps"] = [_as_step(step) for step in document["steps"]]
    return document


def _declaration(declared: Document) -> Document:
    kept = {k: v for k, v in declared.items() if k not in ("name", "has_default", "default")}
    if declared["has_default"]:
        kept["default"] = declared["default"]
    return {key: value for key, value in kept.items() if value is not None or key == "default"}


def _as_step(step: Document) -> Document:
    kept = {
        key: value
        for key, value in step.items()
        if key != "mark" and value is not None and (value or key not in _MAY_BE_LEFT_OUT)
    }
    for key in ("else", "on_error", "on_failure"):
        if isinstance(kept.get(key), dict):
            kept[key] = _as_step(kept[key])
    if "options" in kept:
        kept["options"] = [{**arm, "step": _as_step(arm["step"])} for arm in kept["options"]]
    if "steps" in kept:
        kept["steps"] = [_as_step(each) for each in kept["steps"]]
    if "form" in kept:
        kept["form"] = {name: _declaration(one) for name, one in kept["form"].items()}
    if isinstance(kept.get("stages"), list):
        kept["stages"] = [
            {k: v for k, v in one.items() if v is not None} if isinstance(one, dict) else one
            for one in kept["stages"]
        ]
    return kept


def without_marks(value: Any) -> Any:
    """A dumped spec without places, to compare what two texts mean."""
    if isinstance(value, dict):
        return {key: without_marks(each) for key, each in value.items() if key != "mark"}
    return [without_marks(each) for each in value] if isinstance(value, list) else value
