"""Who only looks sees what could be done, who may do it, and can follow every link."""

import re

from django.test import Client

from runs.models import Run

FORM = re.compile(r'<form method="post" action="/runs/run_')


def menu(text: str) -> str:
    found = re.search(
        r'<div class="menu-list">\s*<p class="menu-title">Lifecycle.*?</div></details>', text, re.S
    )
    assert found
    return found[0]


def test_a_viewer_s_menus_say_who_may_and_their_links_lead_somewhere(
    charlie: Client, pair: tuple[Run, Run]
) -> None:
    over, running = pair
    for run in (over, running):
        for address in ("/runs", f"/runs?part=rows&ids={run.pk}", f"/runs/{run.pk}"):
            text = charlie.get(address).content.decode()
            assert not FORM.search(text), address
            assert "Only operators restart runs" in menu(text)
            assert "Only admins delete runs" in menu(text)
    text = charlie.get(f"/runs/{over.pk}").content.decode()
    assert re.search(r'aria-disabled="true" title="Only operators restart runs"', text)
    links = re.findall(r'<a href="([^"]+)"', menu(text))
    assert f"/runs/{over.pk}/restart" in links
    for link in links:
        assert charlie.get(link).status_code == 200, link


def test_an_operator_s_menu_has_the_buttons(alice: Client, pair: tuple[Run, Run]) -> None:
    text = menu(alice.get(f"/runs/{pair[0].pk}").content.decode())
    assert "Only operators" not in text
    assert FORM.search(text)


def test_a_preview_s_head_has_no_buttons_for_anybody(alice: Client, pair: tuple[Run, Run]) -> None:
    text = alice.get(f"/runs/{pair[0].pk}/restart").content.decode()
    assert "Only operators" not in text
    assert "menu-title" not in text.partition('class="plan"')[0].partition("<main")[2]
