"""Celery's entry points: an id in, one call, nothing else. Each may come twice, late or never."""

from celery import shared_task

from runs.engine import driver


@shared_task(name="runs.work", ignore_result=True)
def work(run_id: str) -> None:
    """Do what is ready in the run; harmless if repeated, late, or the run is over."""
    driver.work(run_id)
