"""The tab Lineage, and where the panel says that an output comes from."""

from django.test import Client

from runs.models import Run


def test_the_tab_tells_the_change_and_leads_to_a_comparison(
    charlie: Client, pair: tuple[Run, Run]
) -> None:
    failed, again = pair
    text = charlie.get(f"/runs/{again.pk}?tab=lineage").content.decode()
    assert "restarted" in text
    assert f"/runs/{failed.pk}/compare/{again.pk}" in text


def test_the_panel_of_the_work_names_who_has_its_output(
    charlie: Client, pair: tuple[Run, Run]
) -> None:
    failed, again = pair
    page = charlie.get(f"/runs/{failed.pk}", {"part": "panel", "node": "plan"})
    assert "reused by 1 run" in page.content.decode()
    assert again.pk in page.content.decode()
