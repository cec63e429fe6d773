"""People, tokens and workflows for the pages that manage them."""

from runs.actor import SYSTEM
from runs.models import User
from runs.operations.people import invite_user, set_active
from runs.operations.tokens import create_token, revoke_token
from tests.browser.rows import version
from tests.browser.sample_ship_feature import DOCS, SHIP

BROKEN = """\
version: "1.0"
name: broken
description: "Has problems, each at its line"
inputs:
  topic: {type: string, default: "tea", description: 'What about'}
steps:
  # The name of this input is misspelt.
  - {name: ask, type: shell, run: "echo ${{ inputs.topik }}", timeout: 30}
  - name: tell
    type: shell
    run: |
      echo ${{ steps.aks.output }}
      echo done: yes
    retries: 3
"""


def people() -> None:
    """An admin, an operator, somebody invited, somebody who left; tokens in every state."""
    User.objects.create_user("mira.k", role="admin", password="correct horse battery")
    User.objects.create_user("tomas", role="operator")
    invite_user("anna-lena.von-und-zu-hohenstein", "viewer", base_url="http://x", by=SYSTEM)
    User.objects.create_user("left.long.ago", role="operator")
    set_active("left.long.ago", False, by=SYSTEM)
    for name, role in (("ci", "operator"), ("grafana", "viewer"), ("old deploy", "admin")):
        create_token(name, role, None, SYSTEM)  # type: ignore[arg-type]
    revoke_token("old deploy", SYSTEM)
    version("broken", BROKEN)
    newer = SHIP.replace("description:", "description: Newer;", 1)
    version("ship-feature", newer, {"docs": {"source": DOCS, "file": "workflows/docs.yaml"}})
