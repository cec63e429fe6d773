"""The node panel says why."""

from django.test import Client

from runs.models import Run


def panel(client: Client, run: Run, path: str) -> str:
    return client.get(f"/runs/{run.pk}", {"part": "panel", "node": path}).content.decode()


def test_the_panel_of_a_step_that_was_not_reached_names_the_root(
    charlie: Client, pair: tuple[Run, Run]
) -> None:
    failed, _ = pair
    text = panel(charlie, failed, "create_pr")
    assert "It did not run because" in text
    assert "Root failure" in text
    assert "implement[" in text


def test_the_panel_of_a_failure_lists_what_it_kept_from_running(
    charlie: Client, pair: tuple[Run, Run]
) -> None:
    failed, _ = pair
    text = panel(charlie, failed, "implement")
    assert "Kept from running" in text
    assert "create_pr" in text
