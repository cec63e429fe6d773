"""What may start next: the same steps whoever asks, in whatever order, through every crash.

The random test plays a run on several frontiers that only learn from each other what is
recorded, as workers do, and compares what was done with a simple oracle.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs import steppath
from runs.definition.spec import (
    BranchStep,
    LoopStep,
    PythonStep,
    Retry,
    Step,
    SubworkflowStep,
    WorkflowSpec,
)
from runs.planning.frontier import Fact, Frontier, Open, Queue, RunEnd, Settle
from runs.planning.graph import Compiled, Node, compile_workflow
from runs.planning.moves import DONE_BEFORE, RECEIPT, SET_BACK, Again, Keep, Stop
from runs.planning.names import Names
from runs.states import STEP_OVER, RunStatus, StepStatus
from tests.thorough import examples


class Store:
    """Outputs by path, as the ledger keeps them."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.errors: dict[str, Any] = {}

    def get(self, path: str) -> Any:
        return self.values.get(path)

    def put(self, path: str, value: Any) -> None:
        self.values[path] = value

    def error(self, path: str) -> Any:
        return self.errors.get(path)

    def put_error(self, path: str, error: Any) -> None:
        self.errors[path] = error

    def input(self, path: str) -> Any:
        return {"of": path}

    def tree(self, paths: list[list[str]]) -> list[list[Any]]:
        return [[self.values.get(path) for path in row] for row in paths]


@dataclass
class Ledger:
    """One run: what is recorded, in order, and what was done."""

    compiled: Compiled
    failing: frozenset[str] = frozenset()
    facts: dict[str, tuple[int, Fact]] = field(default_factory=dict)
    seq: int = 0
    total: int = 0
    begun: bool = False
    ended: RunEnd | None = None
    store: Store = field(default_factory=Store)
    done: list[str] = field(default_factory=list)
    epoch: int = 0  # the run's fence
    attempts: Counter[str] = field(default_factory=Counter)  # how often a container was opened
    expired: list[str] = field(default_factory=list)
    succeeded: list[str] = field(default_factory=list)  # containers too, in the order of their ends

    def record(self, frontier: Frontier, changes: list[Fact], moves: list[Any]) -> None:
        self.seq += 1
        for fact in changes:
            self._put(fact)
        for move in moves:
            if isinstance(move, Queue):
                assert self._is_new(move.path), f"{move.path} queued twice"
                self._put(Fact(move.path, StepStatus.QUEUED))
            elif isinstance(move, Open):
                assert self._is_new(move.path), f"{move.path} opened twice"
                self.attempts[move.path] += 1
                self._put(Fact(move.path, StepStatus.RUNNING, move.input))
            elif isinstance(move, Settle):
                assert move.is_new == self._is_new(move.path)
                self._put(Fact(move.path, move.status))
            elif isinstance(move, Again):
                self._put(Fact(move.path, StepStatus.WAITING))
            elif isinstance(move, Keep):
                fact = self.facts[move.path][1]
                assert fact.reason == RECEIPT
                self.facts[move.path] = (self.seq, replace(fact, reason=""))
            elif isinstance(move, Stop):
                assert self.status(move.path) not in STEP_OVER
                self._put(Fact(move.path, move.status))
            else:
                assert self.ended is None, "the run ended twice"
                self.ended = move
        self.total += frontier.total
        frontier.total = 0

    def _is_new(self, path: str) -> bool:
        """Whether it has no row, none that counts, or waits for its next attempt."""
        word = self.facts[path][1].status if path in self.facts else StepStatus.PENDING
        return word in (StepStatus.PENDING, StepStatus.WAITING)

    def set_back(self, container: str) -> None:
        """As `engine.again` does it."""
        self.seq += 1
        self.epoch += 1
        for path, (_, fact) in self.facts.items():
            if not path.startswith((f"{container}/", f"{container}[")):
                continue
            if fact.status is StepStatus.SUCCEEDED and self.is_once(path):
                self.facts[path] = (self.seq, replace(fact, reason=RECEIPT))
            elif not self._inside_kept(path, container) and fact.status is not StepStatus.PENDING:
                reason = f"{SET_BACK}: {fact.status.value}"
                assert fact.status in STEP_OVER
                self.facts[path] = (
                    self.seq,
                    replace(fact, status=StepStatus.PENDING, reason=reason),
                )
        assert f"{SET_BACK}: {StepStatus.SUCCEEDED.value}" == DONE_BEFORE

    def is_once(self, path: str) -> bool:
        return self.compiled.node(path).step.effect == "once"

    def _inside_kept(self, path: str, container: str) -> bool:
        around = steppath.parent_of(path)
        while around and around != container:
            if self.is_once(around) and self.status(around) is StepStatus.SUCCEEDED:
                return True
            around = steppath.parent_of(around)
        return False

    def _put(self, fact: Fact) -> None:
        fact = replace(fact, order=self.seq)
        old = self.facts.get(fact.path)
        assert old is None or old[1].status not in STEP_OVER, f"{fact.path} was over"
        self.facts[fact.path] = (self.seq, fact)
        if fact.status is StepStatus.SUCCEEDED:
            self.succeeded.append(fact.path)

    def after(self, seq: int) -> list[Fact]:
        return [fact for at, fact in self.facts.values() if at > seq]

    def status(self, path: str) -> StepStatus:
        return self.facts[path][1].status


class Player:
    """One worker: a frontier, and how much of the ledger it has seen."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.load()

    def load(self) -> None:
        names = Names({}, {"id": "run"}, self.ledger.store)
        self.frontier = Frontier(self.ledger.compiled, names, self.ledger.store)
        self.frontier.next_attempt = self.next_attempt
        self.frontier.load(self.ledger.after(-1))
        self.frontier.total = 0
        self.seen, self.epoch = self.ledger.seq, self.ledger.epoch

    def next_attempt(self, path: str, node: Node, codes: tuple[str, ...]) -> float | None:
        assert node.retry is not None
        made = self.ledger.attempts[path] + (not self.frontier_knows(path))
        return 1.0 if made % node.retry.max_attempts else None

    def frontier_knows(self, path: str) -> bool:
        fact = self.ledger.facts.get(path)
        return fact is not None and fact[1].status is StepStatus.RUNNING

    def begin_again(self, path: str) -> None:
        self.ledger.set_back(path)
        self.load()
        self.write([], self.frontier.begin_again(path))

    def catch_up(self) -> None:
        if self.epoch != self.ledger.epoch:
            self.load()
        elif self.seen != self.ledger.seq:
            self.frontier.observe(self.ledger.after(self.seen))
            self.frontier.total = 0
        self.seen = self.ledger.seq

    def write(self, changes: list[Fact], moves: list[Any]) -> None:
        self.ledger.record(self.frontier, changes, moves)
        self.seen = self.ledger.seq

    def begin(self) -> None:
        self.ledger.begun = True
        self.write([], self.frontier.begin())

    def claim(self, path: str) -> None:
        self.frontier.claim(path)
        self.write([Fact(path, StepStatus.RUNNING)], [])

    def requeue(self, path: str) -> None:
        self.frontier.requeue(path)
        self.write([Fact(path, StepStatus.QUEUED)], [])

    def park(self, path: str) -> None:
        self.frontier.park(path)
        self.write([Fact(path, StepStatus.WAITING)], [])

    def expire(self, path: str) -> None:
        self.ledger.expired.append(path)
        self.write([], self.frontier.expire(path))

    def settle(self, path: str) -> None:
        self.ledger.done.append(path)
        status = StepStatus.SUCCEEDED
        if path in self.ledger.failing:
            node = self.ledger.compiled.node(path)
            status = self.frontier.recorded_as(node, StepStatus.FAILED)
            self.frontier.outputs.put_error(path, {"code": "x", "message": path})
        else:
            self.ledger.store.put(path, {"path": path})
        self.write([Fact(path, status)], self.frontier.settle(path, status))


def play(
    ledger: Ledger, chance: Random, players: int = 2, trouble: bool = True, hurry: float = 0
) -> None:
    """Do the whole run, each event by a player of chance. ``hurry``: how often time is over."""
    workers = [Player(ledger) for _ in range(players)]
    held: dict[str, Player] = {}
    for _ in range(20_000):
        worker = chance.choice(workers)
        if trouble and chance.random() < 0.05:
            worker.load()  # it died; another process in its place reads everything
            lost = [path for path, by in held.items() if by is worker]
            for path in lost:
                del held[path]
                other = chance.choice(workers)
                other.catch_up()
                other.requeue(path)
            continue
        worker.catch_up()
        frontier = worker.frontier
        assert set(frontier.running) == set(held)
        if ledger.ended is not None:
            break
        mine = [path for path, by in held.items() if by is worker]
        choices = [("claim", path) for path in frontier.queued]
        choices += [("settle", path) for path in mine]
        choices += [("due", path) for path in frontier.waiting]
        open_ones = [path for path in ledger.facts if frontier.is_open(path)]
        if not ledger.begun:
            worker.begin()
        elif open_ones and chance.random() < hurry:
            over = chance.choice(open_ones)
            worker.expire(over)
            for path in [one for one in held if one.startswith((f"{over}/", f"{over}["))]:
                del held[path]
        elif choices:
            what, path = chance.choice(choices)
            if what == "claim":
                worker.claim(path)
                held[path] = worker
            elif what == "due" and ledger.compiled.node(path).is_container:
                worker.begin_again(path)
            elif what == "due":
                worker.requeue(path)
            elif trouble and chance.random() < 0.1:
                worker.park(path)
                del held[path]
            else:
                worker.settle(path)
                del held[path]
        else:
            assert held, "nothing runs, nothing is ready, and the run is not over"
    assert ledger.ended is not None
    assert not held, "the run ended while a step was running"
    for other in workers:
        other.catch_up()
        assert not other.frontier.queued
        assert not other.frontier.running


# ---- workflows of chance ------------------------------------------------------------------------


@dataclass
class Made:
    """A workflow and what it will do, said without a frontier."""

    chance: Random
    called: dict[str, WorkflowSpec] = field(default_factory=dict)
    count: int = 0
    on_errors: bool = False
    attempts: int = 0  # of some of the containers

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def steps(self, depth: int) -> tuple[Step, ...]:
        made: list[Step] = []
        for _ in range(self.chance.randint(1, 4)):
            needs: tuple[str, ...] | None = None
            if self.chance.random() < 0.5:
                earlier = [step.name for step in made]
                needs = tuple(self.chance.sample(earlier, self.chance.randint(0, len(earlier))))
            made.append(self.step(depth, needs))
        return tuple(made)

    def on_error(self) -> Step | str | None:
        if self.on_errors and self.chance.random() < 0.4:
            found: list[Step | str] = ["continue", "skip"]
            return self.chance.choice([*found, PythonStep(name=self.name("h"), action="x")])
        return None

    def step(self, depth: int, needs: tuple[str, ...] | None = None) -> Step:
        when = self.chance.choice([None, None, None, "true", "false"])
        kind = self.chance.choice(["leaf", "leaf", "loop", "until", "branch", "call"])
        common: dict[str, Any] = {"needs": needs, "when": when, "on_error": self.on_error()}
        common["rollback"] = "x" if self.on_errors and self.chance.random() < 0.5 else None
        if self.attempts:
            common["effect"] = self.chance.choice(["once", "idempotent", "idempotent"])
        if self.attempts and depth and kind != "leaf" and self.chance.random() < 0.6:
            common["retry"] = Retry(max_attempts=self.attempts)
        if depth == 0 or kind == "leaf":
            return PythonStep(name=self.name("s"), action="x", **common)
        if kind == "loop":
            return LoopStep(
                name=self.name("loop"),
                for_each=list(range(self.chance.randint(0, 4))),
                max_concurrency=self.chance.randint(0, 3),
                steps=self.steps(depth - 1),
                **common,
            )
        if kind == "until":
            return LoopStep(
                name=self.name("until"),
                until=f"${{{{ index >= {self.chance.randint(0, 2)} }}}}",
                max_iterations=4,
                steps=self.steps(depth - 1),
                **common,
            )
        if kind == "branch":
            options = [
                {"when": self.chance.choice(["true", "false"]), "step": self.step(depth - 1)}
                for _ in range(self.chance.randint(1, 3))
            ]
            other = self.step(depth - 1) if self.chance.random() < 0.5 else None
            return BranchStep(
                name=self.name("branch"),
                options=tuple(options),
                otherwise=other,  # type: ignore[call-arg]
                **common,
            )
        name = f"called-{self.name('w')}"
        self.called[name] = WorkflowSpec(name=name, steps=self.steps(depth - 1))
        return SubworkflowStep(name=self.name("call"), workflow=name, **common)


def expected(made: Made, steps: tuple[Step, ...], scope: str) -> Counter[str]:
    """Every leaf that does its work when none fails."""
    found: Counter[str] = Counter()
    for step in steps:
        found += expected_of(made, step, scope)
    return found


def expected_of(made: Made, step: Step, scope: str) -> Counter[str]:
    path = steppath.child(scope, step.name)
    if step.when == "false":
        return Counter()
    if isinstance(step, LoopStep):
        if step.until is not None:
            turns = int(step.until.split(">=")[1].split("}")[0]) + 1
        else:
            turns = len(step.for_each or [])
        found: Counter[str] = Counter()
        for turn in range(turns):
            found += expected(made, step.steps, steppath.turn(path, turn))
        return found
    if isinstance(step, BranchStep):
        for option in step.options:
            if option.when == "true":
                return expected_of(made, option.step, path)
        return expected_of(made, step.otherwise, path) if step.otherwise else Counter()
    if isinstance(step, SubworkflowStep):
        return expected(made, made.called[step.workflow].steps, path)
    return Counter([path])


def chance_of(seed: int) -> tuple[Made, WorkflowSpec, Compiled]:
    made = Made(Random(seed))
    spec = WorkflowSpec(name="of-chance", steps=made.steps(3))
    return made, spec, compile_workflow(spec, made.called)


SETTINGS = settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)


@SETTINGS
@given(shape=st.integers(0, 2**32), order=st.integers(0, 2**32), players=st.integers(1, 3))
def test_every_step_runs_once_whoever_runs_it(shape: int, order: int, players: int) -> None:
    made, spec, compiled = chance_of(shape)
    ledger = Ledger(compiled)
    play(ledger, Random(order), players)
    assert ledger.ended is not None
    assert ledger.ended.status is RunStatus.SUCCEEDED
    assert Counter(ledger.done) == expected(made, spec.steps, "")
    assert all(fact.status in STEP_OVER for _, fact in ledger.facts.values())
    # Every node that was counted has its row: the page's progress comes to its end.
    assert len(spec.steps) + ledger.total == len(ledger.facts)


@SETTINGS
@given(
    shape=st.integers(0, 2**32), order=st.integers(0, 2**32), share=st.sampled_from([0.1, 0.3, 1])
)
def test_a_failure_stops_what_needs_it_and_nothing_else(
    shape: int, order: int, share: float
) -> None:
    made, spec, compiled = chance_of(shape)
    would = expected(made, spec.steps, "")
    chance = Random(order)
    failing = frozenset(path for path in would if chance.random() < share)
    ledger = Ledger(compiled, failing)
    play(ledger, chance)
    assert ledger.ended is not None
    assert max(Counter(ledger.done).values(), default=1) == 1
    assert set(ledger.done) <= set(would)
    failed = failing & set(ledger.done)
    good = (StepStatus.SUCCEEDED, StepStatus.SKIPPED)
    assert (ledger.ended.status is RunStatus.FAILED) == bool(failed)
    for path, (_, fact) in ledger.facts.items():
        assert fact.status in STEP_OVER
        node = compiled.node(path)
        scope = steppath.scope_of(path)
        for need in node.needs:
            assert ledger.status(steppath.child(scope, need)) in good, f"{path} needs {need}"
        parent = steppath.parent_of(path)
        if parent and fact.status is StepStatus.FAILED:
            assert ledger.status(parent) is StepStatus.FAILED
    # At the top, whatever does not need a step that failed has been settled.
    for name, node in compiled.scopes[""].nodes.items():
        if all(ledger.facts.get(n) and ledger.status(n) in good for n in node.needs):
            assert name in ledger.facts


def tolerated(ledger: Ledger, path: str) -> bool:
    """Whether the failure at ``path`` is one that its scope goes on after."""
    node, scope = ledger.compiled.node(path), steppath.scope_of(path)
    if node.handler:
        mended = ledger.facts.get(steppath.child(scope, node.handler))
        return mended is not None and mended[1].status is StepStatus.SUCCEEDED
    return node.step.on_error == "continue"


@SETTINGS
@given(
    shape=st.integers(0, 2**32), order=st.integers(0, 2**32), share=st.sampled_from([0.1, 0.3, 0.7])
)
def test_a_failure_that_is_handled_goes_no_further(shape: int, order: int, share: float) -> None:
    made = Made(Random(shape), on_errors=True)
    spec = WorkflowSpec(name="of-chance", steps=made.steps(3))
    compiled = compile_workflow(spec, made.called)
    chance = Random(order)

    class Some:
        """Which leaves fail, the same whoever asks."""

        def __contains__(self, path: object) -> bool:
            return Random(f"{order} {path}").random() < share

    ledger = Ledger(compiled, Some())  # type: ignore[arg-type]
    play(ledger, chance)
    assert ledger.ended is not None
    assert max(Counter(ledger.done).values(), default=1) == 1
    good = (StepStatus.SUCCEEDED, StepStatus.SKIPPED)
    bad_scopes = set()
    undone = [path for path in ledger.done if compiled.node(path).undoes]
    if ledger.ended.status is RunStatus.FAILED:
        assert ledger.done[len(ledger.done) - len(undone) :] == undone
        good_ones = [p for p in ledger.succeeded if compiled.node(p).step.rollback is not None]
        assert undone == [steppath.child(path, "rollback") for path in reversed(good_ones)]
    else:
        assert not undone
    for path, (_, fact) in ledger.facts.items():
        assert fact.status in STEP_OVER
        node, scope = compiled.node(path), steppath.scope_of(path)
        if node.undoes:
            continue
        for need in node.needs:
            status = ledger.status(steppath.child(scope, need))
            if node.handles:
                assert (path in ledger.done) == (status is StepStatus.FAILED)
            else:
                assert status in good or tolerated(ledger, steppath.child(scope, need)), path
        if node.step.on_error == "skip":
            assert fact.status in good
        if fact.status is StepStatus.FAILED and not node.handles and not tolerated(ledger, path):
            bad_scopes.add(steppath.split_turn(scope)[0])
    assert (ledger.ended.status is RunStatus.FAILED) == ("" in bad_scopes)
    for path, (_, fact) in ledger.facts.items():
        if compiled.node(path).is_container and fact.status is not StepStatus.SKIPPED:
            assert (fact.status is StepStatus.FAILED) == (path in bad_scopes), path
    for name, node in compiled.scopes[""].nodes.items():
        known = [n for n in node.needs if n in ledger.facts]
        if len(known) == len(node.needs) and all(
            ledger.status(n) in good or tolerated(ledger, n) for n in known
        ):
            assert name in ledger.facts


@SETTINGS
@given(
    shape=st.integers(0, 2**32),
    order=st.integers(0, 2**32),
    hurry=st.sampled_from([0.05, 0.2]),
    on_errors=st.booleans(),
)
def test_what_is_in_a_container_ends_with_its_time(
    shape: int, order: int, hurry: float, on_errors: bool
) -> None:
    made = Made(Random(shape), on_errors=on_errors)
    spec = WorkflowSpec(name="of-chance", steps=made.steps(3))
    ledger = Ledger(compile_workflow(spec, made.called))
    play(ledger, Random(order), hurry=hurry)
    assert ledger.ended is not None
    assert all(fact.status in STEP_OVER for _, fact in ledger.facts.values())
    assert max(Counter(ledger.done).values(), default=1) == 1
    for path in ledger.expired:
        node = ledger.compiled.node(path)
        assert ledger.status(path) is ledger_word(node.on_error)
    if not on_errors:
        assert (ledger.ended.status is not RunStatus.SUCCEEDED) == bool(ledger.expired)


@SETTINGS
@given(
    shape=st.integers(0, 2**32),
    order=st.integers(0, 2**32),
    share=st.sampled_from([0.02, 0.1, 0.3]),
    hurry=st.sampled_from([0, 0.05]),
    on_errors=st.booleans(),
)
def test_a_container_begins_anew_as_often_as_it_may(
    shape: int, order: int, share: float, hurry: float, on_errors: bool
) -> None:
    made = Made(Random(shape), on_errors=on_errors, attempts=3)
    spec = WorkflowSpec(name="of-chance", steps=made.steps(3))
    compiled = compile_workflow(spec, made.called)
    chance = Random(order)

    class Some:
        """Fails, or the next time not."""

        def __contains__(self, path: object) -> bool:
            return chance.random() < share

    ledger = Ledger(compiled, Some())  # type: ignore[arg-type]
    play(ledger, chance, hurry=hurry)
    assert ledger.ended is not None
    for path, times in Counter(ledger.succeeded).items():
        assert times == 1 or not ledger.is_once(path), f"{path} was done {times} times"
    for path, times in ledger.attempts.items():
        around, most = path, 1
        while around:
            retry = compiled.node(around).retry
            most *= retry.max_attempts if retry else 1
            around = steppath.parent_of(around)
        assert times <= most, path
        retry = compiled.node(path).retry
        if retry and ledger.status(path) in (StepStatus.FAILED, StepStatus.TIMEOUT):
            assert times % retry.max_attempts == 0, path  # all of its attempts were made
    for path, (_, fact) in ledger.facts.items():
        assert fact.status in STEP_OVER or fact.status is StepStatus.PENDING
        if fact.status is StepStatus.SUCCEEDED and not fact.reason:
            node, scope = compiled.node(path), steppath.scope_of(path)
            for need in node.needs if not node.undoes and not on_errors else ():
                assert ledger.status(steppath.child(scope, need)) in (
                    StepStatus.SUCCEEDED,
                    StepStatus.SKIPPED,
                )


def ledger_word(on_error: str) -> StepStatus:
    return StepStatus.SKIPPED if on_error == "skip" else StepStatus.TIMEOUT


# ---- by hand ------------------------------------------------------------------------------------


def leaf(name: str, **more: Any) -> PythonStep:
    return PythonStep(name=name, action="x", **more)


def begun(*steps: Step) -> tuple[Ledger, Player]:
    ledger = Ledger(compile_workflow(WorkflowSpec(name="w", steps=steps), {}))
    player = Player(ledger)
    player.begin()
    return ledger, player


def test_a_line_goes_one_by_one() -> None:
    _, player = begun(leaf("a"), leaf("b"))
    assert list(player.frontier.queued) == ["a"]
    player.claim("a")
    player.settle("a")
    assert list(player.frontier.queued) == ["b"]


def test_a_bounded_loop_opens_so_many_turns() -> None:
    _, player = begun(
        LoopStep(name="l", for_each=[1, 2, 3, 4, 5], max_concurrency=2, steps=(leaf("x"),))
    )
    assert list(player.frontier.queued) == ["l[0]/x", "l[1]/x"]
    player.claim("l[1]/x")
    player.settle("l[1]/x")
    assert list(player.frontier.queued) == ["l[0]/x", "l[2]/x"]


def test_a_loop_over_nothing_succeeds_at_once() -> None:
    ledger, _ = begun(LoopStep(name="l", for_each=[], steps=(leaf("x"),)))
    assert ledger.ended is not None
    assert ledger.ended.status is RunStatus.SUCCEEDED


@pytest.mark.parametrize("items", ["${{ 3 }}", "${{ null }}", "${{ steps.nobody.output }}"])
def test_a_loop_over_what_is_no_list_fails_the_loop(items: str) -> None:
    ledger, _ = begun(LoopStep(name="l", for_each=items, steps=(leaf("x"),)))
    assert ledger.status("l") is StepStatus.FAILED
    assert ledger.ended is not None
    assert ledger.ended.status is RunStatus.FAILED


def test_ten_thousand_skipped_steps_in_a_row_do_not_overflow() -> None:
    steps = tuple(leaf(f"s{n}", when="false") for n in range(10_000))
    ledger, _ = begun(*steps)
    assert ledger.ended is not None
    assert ledger.ended.status is RunStatus.SUCCEEDED


def test_a_run_waits_when_only_timers_can_move_it_on() -> None:
    _, player = begun(leaf("a"))
    player.claim("a")
    assert player.frontier.open_status is RunStatus.RUNNING
    player.park("a")
    assert player.frontier.open_status is RunStatus.WAITING
