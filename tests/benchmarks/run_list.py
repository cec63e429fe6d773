"""What the run list's queries read with 1,000 runs and with 100,000: blocks, not seconds.

``python -m tests.benchmarks.run_list`` fills the database that `DATABASE_URL` names (migrated, best
an empty one) inside a transaction that is rolled back. Blocks are the same on a busy machine and on
an idle one; what a plan may read at all is held by tests/web/test_run_list_plans.py.
"""

import json
import os
import sys
from datetime import datetime
from typing import Any

# As many of each as a year of work leaves: nine of ten succeeded, a tenth was restarted.
ROWS = """
INSERT INTO runs_run (id, workflow_name, version_id, status, status_reason, kind, family_id, reason,
  inputs, context, labels, n_total, n_running, n_succeeded, n_failed, n_skipped, n_reused, event_seq,
  fence, created_at, started_at, finished_at, created_by, workspace, placement, golden_name)
SELECT 'run_' || lpad(n::text, 14, '0'), 'flow-' || n %% 20, %(version)s,
  CASE WHEN n > %(count)s - 6 THEN 'running' WHEN n %% 13 = 0 THEN 'failed'
    WHEN n %% 97 = 0 THEN 'cancelled' ELSE 'succeeded' END, '',
  CASE WHEN n %% 11 = 0 THEN 'restart' ELSE '' END, '', '', '{}', '{}',
  CASE WHEN n %% 5 = 0 THEN jsonb_build_object('env', CASE WHEN n %% 2 = 0 THEN 'staging' ELSE
    'production' END, 'build', n::text) ELSE '{}' END,
  5, 0, 5, 0, 0, 0, 9, 0,
  %(now)s - make_interval(mins => ((%(count)s - n)::bigint * %(span)s / %(count)s)::int), NULL, NULL,
  'person-' || n %% 7, '', '', CASE WHEN n %% 500 = 0 THEN 'golden ' || n END
FROM generate_series(1, %(count)s) AS n
"""
CALLS = """
INSERT INTO runs_agentcall (id, run_id, execution_id, role, number, node, name, kind, parent, session,
  actor, replay_run, replay_before, replay_mode, match_key, input, state, status, status_reason, error,
  has_result, instance_id, worker, restarted_execution, restarted_run, notes, created_at)
SELECT 'exec_' || id, id, 'exec_' || id, 'root', 1, 'agent-' || right(id, 1), 'work', 'reasoner', '',
  '', '', '', '', '', '', '{}', 'over', 'succeeded', '', '', false, '', '', '', '', '[]', created_at
FROM runs_run WHERE right(id, 2)::int %% 10 < 3
"""
SPAN = 60 * 24 * 60  # minutes: two months, however many runs
SEARCHES = (
    "",
    "status:failed",
    "status:paused",
    "status:failed,timeout",
    "-status:succeeded",
    "workflow:flow-3",
    "workflow:flow-3 status:failed",
    "-workflow:flow-1*",
    "workflow:nothing-*",
    "flow-1",
    "kind:restart",
    "kind:plain",
    "golden:yes",
    "golden:no",
    "golden:yes status:failed",
    "label:env",
    "label:env=staging",
    "label:env=nowhere",
    "label:build=500",
    "label:env=staging status:failed",
    "agent:agent-2",
    "agent:agent-9",
    "agent:agent-2 status:cancelled",
    "by:person-3",
    "by:nobody",
    "started:<24h",
    "started:>30d",
    "started:>90d",
    "started:today status:failed",
    "by:person-3 workflow:flow-3 status:failed",
)


def fill(count: int, now: datetime) -> None:
    """So many runs, a fifth of them with labels, a third called by an agent."""
    from django.db import connection

    from tests.browser.rows import version

    made = version("flow-0", 'version: "1.0"\nname: flow-0\nsteps: []\n')
    for n in range(1, 20):
        version(f"flow-{n}", f'version: "1.0"\nname: flow-{n}\nsteps: []\n')
    with connection.cursor() as cursor:
        values = {"count": count, "version": made.pk, "now": now, "span": SPAN}
        cursor.execute(ROWS, values)
        cursor.execute(CALLS, values)
        cursor.execute("ANALYZE runs_run, runs_agentcall, runs_golden, runs_execution")


def blocks(search: str, now: datetime) -> dict[str, tuple[int, float]]:
    """What each query of the page reads (blocks, and how long it took here), by its beginning."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from runs.projections.run_filter import RunFilter
    from runs.projections.run_list import run_list

    with CaptureQueriesContext(connection) as asked:
        run_list(RunFilter.of(search), now)
    found: dict[str, tuple[int, float]] = {}
    for n, query in enumerate(asked.captured_queries):
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + query["sql"])
            told: Any = cursor.fetchone()
        plan = (json.loads(told[0]) if isinstance(told[0], str) else told[0])[0]
        read = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
        found[f"{n} {query['sql'][:40]}"] = (read, plan["Execution Time"])
    return found


def total(search: str, now: datetime) -> tuple[int, float]:
    """Blocks and milliseconds of the whole page."""
    parts = blocks(search, now).values()
    return sum(one for one, _ in parts), sum(ms for _, ms in parts)


def main() -> int:
    """Print a line for each filter."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maverick_site.settings")
    django.setup()
    from django.db import transaction
    from django.utils import timezone

    now = timezone.localtime()
    told: dict[int, dict[str, tuple[int, float]]] = {}
    for count in (1_000, 100_000):
        with transaction.atomic():
            fill(count, now)
            told[count] = {search: total(search, now) for search in SEARCHES}
            transaction.set_rollback(True)
    few, many = told[1_000], told[100_000]
    print(f"{'filter':44} {'1,000 runs':>22} {'100,000 runs':>22}")
    for search in SEARCHES:
        a, b = few[search], many[search]
        print(
            f"{search or '(none)':44} {a[0]:>9,} blocks {a[1]:6.1f} {b[0]:>9,} blocks {b[1]:6.1f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
