"""docs/webhooks.md: the examples check signatures as they say they do."""

import json
import subprocess
import time
from typing import Any

from runs.webhooks import signing
from tests.docs.pages import blocks, page
from tools import typescript

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"specversion": "1.0", "id": "msg_1"}'


def cases() -> list[tuple[bool, dict[str, str], bytes]]:
    """Whether it is to be accepted, the headers, the body."""
    keys = [signing.key_of(signing.new_secret()), signing.key_of(SECRET)]
    now = int(time.time())
    good = signing.headers([key for key in keys if key], "msg_1", now, BODY)
    old = signing.headers([key for key in keys if key], "msg_1", now - 3600, BODY)
    first, _, second = good["webhook-signature"].partition(" ")
    return [
        (True, good, BODY),
        (False, good, BODY + b" "),
        (False, old, BODY),
        (False, {**good, "webhook-id": "msg_2"}, BODY),
        (False, {**good, "webhook-signature": first}, BODY),
        (True, {**good, "webhook-signature": second}, BODY),
        (False, {**good, "webhook-signature": second.replace("v1", "v2")}, BODY),
        (False, {**good, "webhook-signature": "v1,"}, BODY),
    ]


def test_the_example_in_python_accepts_what_is_signed_and_nothing_else() -> None:
    (text,) = blocks(page("webhooks.md"), "python")
    names: dict[str, Any] = {}
    exec(text, names)
    for expected, headers, body in cases():
        assert names["verify"](SECRET, headers, body) is expected, headers


def test_the_example_in_typescript_accepts_what_is_signed_and_nothing_else() -> None:
    (text,) = blocks(page("webhooks.md"), "ts")
    compiler = typescript.build() / "node_modules" / "typescript"
    asked = [[headers, body.decode()] for _, headers, body in cases()]
    script = f"""
    const ts = require({json.dumps(str(compiler))});
    const options = {{ compilerOptions: {{ module: "commonjs", target: "es2022" }} }};
    const module_ = {{ exports: {{}} }};
    const code = ts.transpileModule({json.dumps(text)}, options).outputText;
    new Function("require", "exports", code)(require, module_.exports);
    const told = {json.dumps(asked)}.map(([headers, body]) =>
      module_.exports.verify({json.dumps(SECRET)}, headers, Buffer.from(body)));
    console.log(JSON.stringify(told));
    """
    done = subprocess.run(typescript.node("-e", script), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [expected for expected, _, _ in cases()]
