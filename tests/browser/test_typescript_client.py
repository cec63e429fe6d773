"""The TypeScript client in a real browser, on a page of the server that it asks."""

from pathlib import Path

from playwright.sync_api import Browser, Route

from tests.browser.site import Site
from tools import typescript

PROGRAM = """async ([token, definition]) => {
  const { Client, NotFound } = await import("/client/index.js");
  const maverick = new Client(location.origin, token);
  const { id } = await maverick.startRun({ definition, inputs: { topic: "rain" } });
  const kinds = [];
  for await (const event of maverick.events(id)) kinds.push(event.kind);
  const run = await maverick.wait(id);
  const file = await maverick.exportRun(id);
  const copy = await maverick.importRun(file, { newId: true });
  const missing = await maverick.getRun("run_0000000000000").catch((error) => error);
  return {
    kinds, status: run.status, copied: copy.run.status, other: copy.run.id !== id,
    missing: [missing instanceof NotFound, missing.code],
  };
}"""
DEFINITION = """\
version: "1.0"
name: from-a-page
inputs: {topic: {type: string}}
steps:
  - {name: say, type: shell, run: echo hello}
"""


def test_a_page_starts_and_follows_a_run_and_moves_it(browser: Browser, site: Site) -> None:
    built = typescript.build() / "build" / "src"

    def serve(route: Route) -> None:
        name = route.request.url.partition("/client/")[2]
        route.fulfill(path=built / name, content_type="text/javascript")

    # The page's policy allows the server's own scripts; this one stands in for such a one.
    context = browser.new_context(bypass_csp=True)
    context.route("**/client/**", serve)
    page = context.new_page()
    page.goto(f"{site.address}/login")
    token = Path(site.home / "token").read_text().strip()
    found = page.evaluate(PROGRAM, [token, DEFINITION])
    context.close()
    assert found["kinds"][-1] == "run.succeeded"
    assert "step.succeeded" in found["kinds"]
    assert (found["status"], found["copied"], found["other"]) == ("succeeded", "succeeded", True)
    assert found["missing"] == [True, "run-not-found"]
