"""What Maverick does in a second, as a share of what the machine's PostgreSQL can do.

Everything is measured in one run on one embedded PostgreSQL with the settings of daily life
(fsync on), with real worker processes. The bare commit rate (INSERT and COMMIT of one row on one
connection) is measured before and after each row of the table, because machines are noisy.
"""

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]
sys.path.insert(0, str(CHECKOUT))

from tests.benchmarks import pages  # noqa: E402

ACTIONS = """
from runs.actions import action

@action("nothing")
def nothing():
    return None

@action("fail")
def fail():
    raise RuntimeError("as asked")
"""
HEAD = 'version: "1.0"\nname: {name}\nsteps:\n'
STEP = "  - {{name: s{n}, type: python, action: nothing}}\n"
CHAIN = HEAD.format(name="chain") + "".join(STEP.format(n=n) for n in range(1000))
LAST_FAILS = (
    HEAD.format(name="last-fails")
    + "".join(STEP.format(n=n) for n in range(999))
    + "  - {name: last, type: python, action: fail}\n"
)
FAN = (
    HEAD.format(name="fan")
    + """
  - name: fan
    type: loop
    for_each: "${{ range(500) }}"
    max_concurrency: 0
    steps:
      - {name: x, type: python, action: nothing}
  - {name: join, type: python, action: nothing}
"""
)
SMALL = HEAD.format(name="small") + "".join(STEP.format(n=n) for n in range(5))
LARGE = (
    HEAD.format(name="large")
    + """
  - {name: before, type: python, action: nothing}
  - name: turns
    type: loop
    for_each: "${{ range(2499) }}"
    steps:
      - {name: a, type: python, action: nothing}
      - {name: b, type: python, action: nothing}
      - {name: c, type: python, action: nothing}
      - {name: d, type: python, action: nothing}
  - {name: after, type: python, action: nothing}
  - {name: last, type: python, action: fail}
"""
)
WITHIN = 180.0


@dataclass
class Row:
    what: str
    measured: str
    ratio: str
    floor: str
    ok: bool | None  # None: did not end


class Bench:
    def __init__(self, home: Path) -> None:
        self.home, self.project = home, home / "project"
        self.project.mkdir()
        (self.project / "maverick_actions.py").write_text(ACTIONS)
        self.rows: list[Row] = []
        self.bare_rates: list[float] = []
        self.chain_rate = self.chain_seconds = 0.0

    # ---- parts ----------------------------------------------------------------------------------

    def bare(self, seconds: float = 1.5) -> float:
        """Single-row commits a second on one psycopg connection."""
        import psycopg

        from maverick_site import embedded

        with psycopg.connect(embedded.database_url(self.home)) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS bench_bare (id bigserial, v text)")
            connection.commit()
            count, began = 0, time.perf_counter()
            while time.perf_counter() - began < seconds:
                connection.execute("INSERT INTO bench_bare (v) VALUES (%s)", ["x"])
                connection.commit()
                count += 1
            rate = count / (time.perf_counter() - began)
        self.bare_rates.append(rate)
        return rate

    @contextmanager
    def workers(self, count: int) -> Any:
        env = {**os.environ, "MAVERICK_PROCESS": "worker", "PYTHONPATH": str(CHECKOUT)}
        with (self.home / "workers.log").open("ab") as log:
            started = [
                subprocess.Popen(
                    [sys.executable, "-m", "maverick_site.celery_worker", "--name", f"bench{n}"],
                    cwd=CHECKOUT,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
                for n in range(count)
            ]
        try:
            # Warm: each has imported everything and has its connection.
            for _ in range(4):
                self.wait([self.start(SMALL) for _ in range(count * 3)])
            yield started
        finally:
            for process in started:
                process.kill()
            for process in started:
                process.wait()

    def start(self, text: str) -> Any:
        from runs.actor import SYSTEM
        from runs.operations.start_run import start_run

        return start_run(definition=text, by=SYSTEM, workspace=self.project)

    def wait(self, runs: list[Any]) -> list[Any]:
        """The runs, when all are over. TimeoutError."""
        from runs.models import Run

        pks = [run.pk for run in runs]
        over = ["succeeded", "failed", "cancelled", "timeout"]
        deadline = time.monotonic() + WITHIN
        while Run.objects.filter(pk__in=pks, status__in=over).count() < len(pks):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(pks)} runs did not end within {WITHIN:.0f} s")
            time.sleep(0.1)
        return list(Run.objects.filter(pk__in=pks))

    def timed(self, text: str) -> float:
        """Seconds from the first step's start to the run's end, by the database's clock."""
        (run,) = self.wait([self.start(text)])
        return float((run.finished_at - run.started_at).total_seconds())

    def beside_bare(self, measure: Callable[[], float], times: int = 3) -> tuple[float, float]:
        """The best of some measurements, and its ratio to the bare rate around it."""
        found = []
        for _ in range(times):
            before = self.bare()
            rate = measure()
            found.append((rate, rate / statistics.mean([before, self.bare()])))
        return statistics.median(r for r, _ in found), statistics.median(s for _, s in found)

    # ---- rows of the table ----------------------------------------------------------------------

    def chain(self) -> None:
        with self.workers(1):
            rate, share = self.beside_bare(lambda: 1000 / self.timed(CHAIN))
        self.chain_rate, self.chain_seconds = rate, 1000 / rate
        self.row(
            "chain of 1,000 steps, 1 worker",
            f"{rate:,.0f} steps/s",
            f"{share:.0%} of bare",
            "30 % (aim 40 %)",
            share >= 0.30,
        )

    def fan_out(self) -> None:
        with self.workers(2):
            rate, share = self.beside_bare(lambda: 501 / self.timed(FAN))
        self.row(
            "fan-out of 500 and a join, 2 workers",
            f"{rate:,.0f} steps/s",
            f"{rate / self.chain_rate:.2f} of the chain ({share:.0%} of bare)",
            "1.00",
            rate >= self.chain_rate,
        )

    def many_runs(self) -> None:
        def measure() -> float:
            for worker in workers:
                worker.send_signal(signal.SIGSTOP)
            runs = [self.start(SMALL) for _ in range(200)]
            began = time.time()
            for worker in workers:
                worker.send_signal(signal.SIGCONT)
            over = self.wait(runs)
            return 200 / (max(run.finished_at.timestamp() for run in over) - began)

        with self.workers(2) as workers:
            rate, _ = self.beside_bare(measure)
        floor = self.chain_rate / 8
        self.row(
            "200 runs of 5 steps at once, 2 workers",
            f"{rate:,.0f} runs/s",
            f"{rate / floor:.2f} of chain/8",
            f"{floor:,.0f} runs/s (180)",
            rate >= floor,
        )

    def restart(self) -> None:
        from runs.actor import SYSTEM
        from runs.models import Execution
        from runs.operations.restart_run import restart_run

        def measure() -> float:
            began = time.time()
            second = restart_run(first.pk, by=SYSTEM)
            self.wait([second])
            fresh = Execution.objects.get(run=second, reused_from="")
            assert fresh.path == "last"
            assert Execution.objects.filter(run=second).count() == 1000, "a step was lost"
            return fresh.started_at.timestamp() - began

        with self.workers(1):
            (first,) = self.wait([self.start(LAST_FAILS)])
            seconds = statistics.median(measure() for _ in range(3))
        share = seconds / self.chain_seconds
        self.row(
            "restart of 1,000 steps, the last failed",
            f"{seconds * 1000:,.0f} ms",
            f"{share:.1%} of the chain's time; 999 reused, 1 run",
            "under 15 %",
            share < 0.15,
        )

    def planning(self) -> None:
        from django.db import connection

        from runs.operations.restart_run import plan_restart

        run = self.start(LARGE)
        with connection.cursor() as cursor:  # as if it had been done: ten thousand rows
            cursor.execute(_TEN_THOUSAND, {"run": run.pk})
            cursor.execute(
                "UPDATE runs_run SET status = 'failed', finished_at = now() WHERE id = %s", [run.pk]
            )
            cursor.execute("SELECT count(*) FROM runs_execution WHERE run_id = %s", [run.pk])
            count = cursor.fetchone()[0]
        plan_restart(run.pk)
        taken = []
        for _ in range(3):
            began = time.perf_counter()
            plan = plan_restart(run.pk)
            taken.append(time.perf_counter() - began)
        assert plan.counts["reuse"] == count - 1, plan.counts
        seconds = statistics.median(taken)
        self.row(
            f"plan of a restart of {count:,} executions",
            f"{seconds * 1000:,.0f} ms",
            f"{seconds:.2f} of 1 s",
            "under 1 s",
            seconds < 1,
        )

    # ---- the table ------------------------------------------------------------------------------

    def row(self, what: str, measured: str, ratio: str, floor: str, ok: bool) -> None:
        self.rows.append(Row(what, measured, ratio, floor, ok))
        print(f"… {what}: {measured}", file=sys.stderr, flush=True)

    def run(self, only: Collection[str] = ()) -> int:
        """All parts, or the named ones (and the chain, which the others are measured by)."""
        for part in (self.chain, self.fan_out, self.many_runs, self.restart, self.planning):
            if only and part.__name__ not in {"chain", *only}:
                continue
            try:
                part()
            except TimeoutError as error:
                self.rows.append(Row(part.__name__.replace("_", " "), str(error), "", "", None))
        for page in pages.rows():
            self.row(page.what, page.measured, page.ratio, page.limit, page.ok)
        low, high = min(self.bare_rates), max(self.bare_rates)
        print(
            f"\nBare single-row commits: {low:,.0f} to {high:,.0f} a second, "
            f"median {statistics.median(self.bare_rates):,.0f}; {os.cpu_count()} cores\n"
        )
        table = [("", "measured", "ratio", "at least", "")]
        words = {True: "ok", False: "below", None: "did not end"}
        table += [(r.what, r.measured, r.ratio, r.floor, words[r.ok]) for r in self.rows]
        widths = [max(len(line[n]) for line in table) for n in range(5)]
        for line in table:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
        return int(any(row.ok is None for row in self.rows))


_TEN_THOUSAND = """
INSERT INTO runs_execution (id, run_id, parent_id, path, name, type, position, status,
  status_reason, seq, fence, worker, tries, input, input_digest, match_key, output, output_size,
  created_at, started_at, finished_at, duration_ms, reused_from, reused_run, origin_execution,
  origin_run, code_version)
SELECT 'exec_bench' || row_number() OVER (), %(run)s, s.parent, s.path, s.name, s.type, s.position,
  s.status, '', 1, 1, '', '[]', s.input, '', '', 'null', 4, now(), now(), now(), 1, '', '', '', '', ''
FROM (
  SELECT NULL AS parent, 'before' AS path, 'before' AS name, 'python' AS type, 0 AS position,
    'succeeded' AS status, '{}'::jsonb AS input
  UNION ALL SELECT NULL, 'turns', 'turns', 'loop', 1, 'succeeded',
    jsonb_build_object('items', (SELECT jsonb_agg(n) FROM generate_series(0, 2498) n))
  UNION ALL SELECT NULL, 'after', 'after', 'python', 2, 'succeeded', '{}'
  UNION ALL SELECT NULL, 'last', 'last', 'python', 3, 'failed', '{}'
  UNION ALL SELECT NULL, 'turns[' || n || ']/' || x, x, 'python', p::int - 1, 'succeeded', '{}'
    FROM generate_series(0, 2498) n, unnest(ARRAY['a', 'b', 'c', 'd']) WITH ORDINALITY AS t(x, p)
) s
"""


def main() -> int:
    home = Path(tempfile.mkdtemp(prefix="mvk-bench-"))
    for name in [n for n in os.environ if n.startswith("MAVERICK_")]:
        del os.environ[name]
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("CELERY_BROKER_URL", None)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "maverick_site.settings",
        "MAVERICK_HOME": str(home),
        "MAVERICK_DEMO": "0",
    }
    try:
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        return Bench(home).run(sys.argv[1:])
    finally:
        if "maverick_site.embedded" in sys.modules:
            from django.db import connection

            connection.close()
            sys.modules["maverick_site.embedded"].leave()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
