"""No message can be sent or read: runs are started, and workers do them."""

import shutil

from .harness import Site, shapes, steps, wait_for

SHAPE = next(shape for shape in shapes() if shape.name == "diamond")
NOBODY = "amqp://guest:guest@127.0.0.1:9//"  # the discard port: nothing listens


def test_runs_end_while_no_broker_answers(site: Site) -> None:
    run, victim = site.start_shape(SHAPE, "broker-silent")
    workers = [site.start_celery(CELERY_BROKER_URL=NOBODY) for _ in range(2)]
    (over,) = site.wait(run, within=40)
    assert over.status == "succeeded"
    assert set(site.times(run).values()) == {1}
    assert len(steps(run)[victim].tries) == 1
    assert all(worker.alive for worker in workers)


def test_runs_end_while_the_broker_s_folder_cannot_be_written(site: Site) -> None:
    broker = site.home / "broker"
    shutil.rmtree(broker, ignore_errors=True)
    broker.write_text("a file where the folder should be: not even root can write there")
    try:
        run, _ = site.start_shape(SHAPE, "broker-unwritable")
        workers = [site.start_worker(), site.start_worker()]
        (over,) = site.wait(run, within=40)
        assert over.status == "succeeded"
        assert set(site.times(run).values()) == {1}
        assert all(worker.alive for worker in workers)
        wait_for(lambda: all("cannot be read" in w.log.read_text() for w in workers), 60)
        told = [worker.log.read_text().count("cannot be read") for worker in workers]
        assert told == [1, 1], "once, not with every look"
    finally:
        broker.unlink()
    wait_for(lambda: all("read again" in worker.log.read_text() for worker in workers), 60)
    assert all(worker.alive for worker in workers)


def test_when_the_broker_is_back_messages_go_through_again(site: Site) -> None:
    site.start_worker()
    run, _ = site.start_shape(SHAPE, "broker-back")
    (over,) = site.wait(run)
    assert over.status == "succeeded"
