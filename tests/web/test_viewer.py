"""Who only looks sees what could be done, who may do it, and can follow every link."""

import re
from html import unescape

import pytest
from django.test import Client

from runs.models import Run, User

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


@pytest.mark.parametrize("path", ["/tokens", "/audit", "/webhooks", "/runs/import"])
def test_a_page_for_others_says_so_and_keeps_the_navigation(charlie: Client, path: str) -> None:
    answer = charlie.get(path)
    text = answer.content.decode()
    assert answer.status_code == 403
    assert '<nav class="nav"' in text
    assert re.search(r"<p>(Only|This page is for) .*admins.* You are <b>charlie</b>, viewer", text)
    brief = charlie.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "<" not in brief
    assert "admins" in brief


def test_a_form_older_than_the_sign_in_says_what_to_do(pair: tuple[Run, Run]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("olga", role="operator"))
    page, path = f"/runs/{pair[0].pk}?tab=log", f"/runs/{pair[0].pk}/pause"
    answer = client.post(path, headers={"Referer": f"http://testserver{page}"})
    assert answer.status_code == 403
    assert "Nothing was done" in answer.content.decode()
    assert f'href="{page}">Open the page again' in answer.content.decode()
    # An address that answers to forms alone is no page: without a page there is no such button.
    assert "Open the page again<" not in client.post(path).content.decode()
    # So it is where a refused form was shown again, and where there is no page of ours at all.
    for there in (path, f"{path}?x=1", "//other.example/runs", "/\\other.example/runs", "/no/page"):
        said = client.post(path, headers={"Referer": f"http://testserver{there}"}).content.decode()
        assert "Nothing was done" in said, there
        assert "Open the page again<" not in said, there
        assert "other.example" not in said, there
    brief = client.post(path, headers={"HX-Request": "true"}).content.decode()
    assert brief.startswith("Nothing was done: ")


def test_every_form_a_viewer_cannot_send_says_who_can(
    charlie: Client, pair: tuple[Run, Run]
) -> None:
    over = pair[0].pk
    for path in ("/runs", f"/runs/{over}/fork", f"/runs/{over}/golden", "/workflows"):
        assert re.search(r"Only operators (and admins )?\w+", main(charlie, path)), path
    text = main(charlie, "/workflows/ship-feature")
    assert '<button class="btn" type="button" aria-disabled="true" title="Only operators' in text


def main(client: Client, path: str) -> str:
    """The page without its frame and without the menus of its rows."""
    text = unescape(client.get(path).content.decode()).partition("<main")[2]
    return re.sub(r'<details class="menu.*?</details>', "", text, flags=re.S)
