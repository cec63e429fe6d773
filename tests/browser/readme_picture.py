"""docs/images/run.png: the demo's restarted run, as `maverick up` shows it on an empty database.

python -m tests.browser.readme_picture
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import ViewportSize, sync_playwright

from tests.browser.screenshots import settled
from tests.browser.site import CHROMIUM, CHROMIUM_ARGS, ROOT

INTO = ROOT / "docs" / "images" / "run.png"
WITHIN = 60.0
SIZE: ViewportSize = {"width": 1600, "height": 800}


def golden_run(env: dict[str, str]) -> str:
    """The id of the demo's golden run, as soon as there is one."""
    command = [*_maverick("runs", "list", "--golden", "--json")]
    until = time.monotonic() + WITHIN
    while time.monotonic() < until:
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)
        if done.returncode == 0 and done.stdout.strip():
            told = json.loads(done.stdout.strip().splitlines()[-1])
            items = told["items"] if isinstance(told, dict) else told
            if items:
                return str(items[0]["id"])
    raise SystemExit("The demo did not become golden in time.")


def _maverick(*arguments: str) -> list[str]:
    code = "import sys; from runs.cli.main import main; sys.exit(main())"
    return [sys.executable, "-c", code, *arguments]


def main() -> None:
    """Start everything, wait for the demo, take the picture, stop everything."""
    with tempfile.TemporaryDirectory(prefix="mvk-") as home:
        env = {k: v for k, v in os.environ.items() if not k.startswith("MAVERICK_")}
        for name in ("DATABASE_URL", "CELERY_BROKER_URL"):
            env.pop(name, None)
        env |= {"MAVERICK_HOME": home, "PORT": "0", "PYTHONUNBUFFERED": "1"}
        up = subprocess.Popen(_maverick("up"), env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert up.stdout is not None
            link = next(
                found[0] for line in up.stdout if (found := re.search(r"http\S+token=\S+", line))
            )
            address = link.partition("/sign-in")[0]
            run = golden_run(env)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
                page = browser.new_page(viewport=SIZE, device_scale_factor=1.25)
                page.goto(link)
                if page.locator("form button").count() and "sign-in" in page.url:
                    page.locator("form button").first.click()
                page.goto(f"{address}/runs/{run}?node=publish")
                settled(page)
                page.wait_for_selector(".panel h2")
                INTO.parent.mkdir(exist_ok=True)
                page.screenshot(path=INTO, animations="disabled")
                browser.close()
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(30)
    print(Path(INTO).relative_to(ROOT))


if __name__ == "__main__":
    main()
