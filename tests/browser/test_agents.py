"""The pages of agents follow what happens, and leave alone what is being typed."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Shown


def test_health_and_the_list_change_by_themselves(look: Callable[..., Page], shown: Shown) -> None:
    page = look("/agents/mailer")
    now = page.locator("#agent-now")
    expect(now).to_contain_text("Silent")
    box = page.get_by_label("Input")
    box.fill('{"to": "ann"}')
    api = f"{shown.address}/api/v1"
    assert page.request.post(f"{api}/nodes/mailer/heartbeat", data={"status": "ready"}).ok
    expect(now).to_contain_text("Ready")
    expect(box).to_have_value('{"to": "ann"}')

    page = look("/agents")
    row = page.get_by_role("link", name="old-indexer")
    expect(row).to_be_visible()
    assert page.request.delete(f"{api}/agents/old-indexer").ok
    expect(row).to_be_hidden()
    assert page.get_by_role("link", name="research", exact=True).is_visible()
