"""The page of two runs side by side."""

from datetime import datetime

from django.test import Client

from runs.models import Run
from tests.browser.sample_runs import odd


def test_two_runs_are_shown_as_one_graph(alice: Client, pair: tuple[Run, Run]) -> None:
    a, b = pair
    page = alice.get(f"/runs/{a.pk}/compare/{b.pk}")
    assert page.status_code == 200
    text = page.content.decode()
    assert 'data-mark="changed"' in text
    assert 'data-mark="reused"' in text
    assert "First divergence" in text
    assert a.pk in text
    assert b.pk in text


def test_every_tab_and_every_choice_is_a_page(charlie: Client, pair: tuple[Run, Run]) -> None:
    a, b = pair
    for query in (
        "?tab=steps", "?tab=steps&only=all", "?tab=steps&only=reused", "?tab=io",
        "?tab=definition", "?show=a", "?show=b&node=plan", "?node=implement", "?node=nobody",
        "?tab=steps&node=implement%5B11%5D%2Fvalidate",
    ):  # fmt: skip
        assert charlie.get(f"/runs/{a.pk}/compare/{b.pk}{query}").status_code == 200, query
    panel = charlie.get(f"/runs/{a.pk}/compare/{b.pk}?node=plan").content.decode()
    assert "It is the same work" in panel


def test_a_run_beside_itself_is_the_same(charlie: Client, pair: tuple[Run, Run]) -> None:
    a, _ = pair
    text = charlie.get(f"/runs/{a.pk}/compare/{a.pk}").content.decode()
    assert "every step are the same" in text
    assert "First divergence" not in text


def test_the_page_says_of_which_workflows_the_runs_are(
    charlie: Client, pair: tuple[Run, Run], now: datetime
) -> None:
    a, b = pair
    text = charlie.get(f"/runs/{a.pk}/compare/{b.pk}").content.decode()
    assert ">Compare ship-feature</h1>" in text
    other = odd(now)
    text = charlie.get(f"/runs/{a.pk}/compare/{other.pk}").content.decode()
    assert f">Compare ship-feature and {other.workflow_name}</h1>" in text
    assert ">two workflows</a>" in text
    assert "version 1 →" not in text  # each counts its own


def test_a_run_that_is_not_there_is_404(charlie: Client, pair: tuple[Run, Run]) -> None:
    a, _ = pair
    assert charlie.get(f"/runs/{a.pk}/compare/run_00000000000000").status_code == 404


def test_two_rows_of_the_list_lead_to_their_comparison(
    charlie: Client, pair: tuple[Run, Run]
) -> None:
    a, b = pair
    answer = charlie.get(f"/compare?run={b.pk}&run={a.pk}")
    assert (answer.status_code, answer["Location"]) == (302, f"/runs/{a.pk}/compare/{b.pk}")
    assert charlie.get(f"/compare?run={b.pk}").status_code == 404
