"""Messages may come twice, late, and for runs that are over or never were."""

from runs import dispatch
from runs.models import Execution

from .harness import Site, wait_for

STEPS = "".join(f"  - {{name: s{n}, type: python, action: mark, needs: []}}\n" for n in range(12))
FAN = f"""
version: "1.0"
name: doubled
steps:
{STEPS}  - {{name: join, type: python, action: mark, needs: [{", ".join(f"s{n}" for n in range(12))}]}}
"""


def test_doubled_late_and_senseless_messages_do_no_harm(site: Site) -> None:
    runs = [site.start(FAN) for _ in range(5)]
    for run in runs:
        for _ in range(10):
            assert dispatch.send(run.pk)
    assert dispatch.send("run_that_never_was")
    assert dispatch.send("'; drop table runs_run; --")
    workers = [site.start_worker() for _ in range(3)]
    over = site.wait(*runs)
    assert [run.status for run in over] == ["succeeded"] * 5
    for run in over:
        assert set(site.times(run).values()) == {1}
        assert run.n_succeeded == run.n_total == 13
        assert Execution.objects.filter(run=run).count() == 13
        dispatch.send(run.pk)  # the run is over
    wait_for(lambda: not list((site.home / "broker" / "queue").iterdir()), what="all are read")
    assert all(worker.alive for worker in workers)
    assert set(site.times(runs[0]).values()) == {1}
    assert "Traceback" not in site.said()
