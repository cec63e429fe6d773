// What is sent, what is repeated, and what an answer becomes.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import {
  ApiError,
  Client,
  type ClientOptions,
  Conflict,
  NotFound,
  Refused,
  ServerUnreachable,
  WaitTimeout,
} from "maverick-client";

import { cut, json, type Reply, Scripted, type Seen } from "./scripted.js";

const RUN = { id: "run_1", status: "running" };
const PAGE = { items: [], next_cursor: null };

async function asking<Told>(
  replies: [Reply, ...Reply[]],
  ask: (client: Client) => Promise<Told>,
  options: ClientOptions = {},
): Promise<[Told | Error, Seen[]]> {
  const server = await Scripted.with(...replies);
  try {
    const client = new Client(`${server.address}/`, "secret", options);
    return [await ask(client).catch((error: Error) => error), server.seen];
  } finally {
    await server.close();
  }
}

async function every<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const METHODS: [(c: Client) => Promise<unknown>, string, string][] = [
  [(c) => c.startRun({ workflow: "release" }), "POST", "runs"],
  [(c) => c.listRuns(), "GET", "runs"],
  [(c) => c.getRun("run_1"), "GET", "runs/{run_id}"],
  [(c) => c.deleteRun("run_1"), "DELETE", "runs/{run_id}"],
  [(c) => c.restartRun("run_1"), "POST", "runs/{run_id}/restart"],
  [(c) => c.planRestart("run_1"), "POST", "runs/{run_id}/restart-plan"],
  [(c) => c.cancelRun("run_1"), "POST", "runs/{run_id}/cancel"],
  [(c) => c.pauseRun("run_1"), "POST", "runs/{run_id}/pause"],
  [(c) => c.resumeRun("run_1"), "POST", "runs/{run_id}/resume"],
  [(c) => c.bulk({ action: "cancel", ids: ["run_1"] }), "POST", "runs/bulk"],
  [(c) => c.importRun(new Blob(["PK"])), "POST", "runs/import"],
  [(c) => c.exportRun("run_1"), "GET", "runs/{run_id}/export"],
  [(c) => c.deletion("run_1"), "GET", "runs/{run_id}/deletion"],
  [(c) => c.graph("run_1"), "GET", "runs/{run_id}/graph"],
  [(c) => c.why("run_1"), "GET", "runs/{run_id}/why"],
  [(c) => c.lineage("run_1"), "GET", "runs/{run_id}/lineage"],
  [(c) => c.compare("run_1", "run_2"), "GET", "runs/{run_id}/compare/{other}"],
  [(c) => c.eventPage("run_1"), "GET", "runs/{run_id}/events"],
  [(c) => every(c.executions("run_1")), "GET", "runs/{run_id}/executions"],
  [(c) => c.execution("run_1", "exec_1"), "GET", "runs/{run_id}/executions/{execution_id}"],
  [(c) => every(c.log("run_1", "exec_1")), "GET", "runs/{run_id}/executions/{execution_id}/log"],
  [
    (c) => c.retryExecution("run_1", "exec_1"),
    "POST",
    "runs/{run_id}/executions/{execution_id}/retry",
  ],
  [(c) => c.restartExecution("exec_1"), "POST", "executions/{execution_id}/restart"],
  [(c) => c.planExecution("exec_1"), "POST", "executions/{execution_id}/restart-plan"],
  [(c) => c.origin("exec_1"), "GET", "executions/{execution_id}/origin"],
  [(c) => c.checkpoints("run_1"), "GET", "runs/{run_id}/checkpoints"],
  [(c) => c.checkpoint("run_1", "save"), "GET", "runs/{run_id}/checkpoints/{checkpoint_id}"],
  [
    (c) => c.exportCheckpoint("run_1", "save"),
    "GET",
    "runs/{run_id}/checkpoints/{checkpoint_id}/export",
  ],
  [
    (c) => c.resume("run_1", "save"),
    "POST",
    "runs/{run_id}/checkpoints/{checkpoint_id}/resume",
  ],
  [(c) => c.importCheckpoint({}), "POST", "checkpoints"],
  [(c) => c.approvals("run_1"), "GET", "runs/{run_id}/approvals"],
  [(c) => c.approve("run_1", "ask"), "POST", "runs/{run_id}/approvals/{where}"],
  [(c) => c.reject("run_1", "ask"), "POST", "runs/{run_id}/approvals/{where}"],
  [(c) => c.markGolden("run_1", { name: "v1" }), "PUT", "runs/{run_id}/golden"],
  [(c) => c.unmarkGolden("run_1"), "DELETE", "runs/{run_id}/golden"],
  [(c) => c.golden("run_1"), "GET", "runs/{run_id}/golden"],
  [(c) => c.note("run_1"), "GET", "runs/{run_id}/note"],
  [(c) => c.writeNote("run_1", "*x*", 1), "PUT", "runs/{run_id}/note"],
  [(c) => c.setLabels("run_1", { a: "b" }), "PUT", "runs/{run_id}/labels"],
  [(c) => c.goldenRuns(), "GET", "golden"],
  [(c) => c.setAssertions("run_1", "nodes: {}"), "PUT", "runs/{run_id}/golden/assertions"],
  [(c) => c.setAssertions("run_1", null), "DELETE", "runs/{run_id}/golden/assertions"],
  [
    (c) => c.acceptValue("run_1", { from: "run_2", path: "a", reason: "new" }),
    "POST",
    "runs/{run_id}/golden/accept",
  ],
  [(c) => c.check("run_1", "golden:v1"), "POST", "runs/{run_id}/check"],
  [(c) => c.cleanUp(30), "POST", "gc"],
  [(c) => every(c.workflows()), "GET", "workflows"],
  [(c) => c.workflow("release"), "GET", "workflows/{name}"],
  [(c) => c.publishWorkflow("name: x"), "POST", "workflows"],
  [(c) => c.validateWorkflow("name: x"), "POST", "workflows/validate"],
  [(c) => every(c.agents()), "GET", "agents"],
  [(c) => c.agent("research"), "GET", "agents/{agent}"],
  [(c) => c.callAgent("research.plan"), "POST", "agents/{agent}/calls"],
  [(c) => c.removeAgent("research"), "DELETE", "agents/{agent}"],
  [(c) => every(c.audit()), "GET", "audit"],
  [(c) => every(c.tokens()), "GET", "tokens"],
  [(c) => c.createToken("ci"), "POST", "tokens"],
  [(c) => c.revokeToken("ci"), "DELETE", "tokens/{name_or_id}"],
  [(c) => every(c.webhooks()), "GET", "webhooks"],
  [(c) => c.createWebhook({ url: "https://example.org" }), "POST", "webhooks"],
  [(c) => c.webhook("wh_1"), "GET", "webhooks/{webhook_id}"],
  [(c) => c.changeWebhook("wh_1", { enabled: false }), "PATCH", "webhooks/{webhook_id}"],
  [(c) => c.removeWebhook("wh_1"), "DELETE", "webhooks/{webhook_id}"],
  [(c) => c.rotateWebhookSecret("wh_1"), "POST", "webhooks/{webhook_id}/secret"],
  [(c) => c.pingWebhook("wh_1"), "POST", "webhooks/{webhook_id}/ping"],
  [(c) => every(c.deliveries()), "GET", "webhooks/deliveries"],
  [(c) => c.delivery("msg_1"), "GET", "webhooks/deliveries/{delivery_id}"],
  [(c) => c.redeliver("msg_1"), "POST", "webhooks/deliveries/{delivery_id}/redeliver"],
  [(c) => c.views(), "GET", "views"],
  [(c) => c.createView({ name: "Failed" }), "POST", "views"],
  [(c) => c.changeView(7, { name: "Broken" }), "PATCH", "views/{view_id}"],
  [(c) => c.deleteView(7), "DELETE", "views/{view_id}"],
];

const GIVEN: Record<string, string> = {
  "{run_id}": "run_1",
  "{execution_id}": "exec_1",
  "{other}": "run_2",
  "{checkpoint_id}": "save",
  "{where}": "ask",
  "{agent}": "research",
  "{name}": "release",
  "{name_or_id}": "ci",
  "{webhook_id}": "wh_1",
  "{delivery_id}": "msg_1",
  "{view_id}": "7",
};
// Nothing is started by these, or the same once more.
const HARMLESS = /restart-plan$|\/check$|^workflows|^checkpoints$|\/note$|\/labels$/;

test("there is a method for every operation of the API and for nothing else", async () => {
  const file = new URL("../../../../tests/api/openapi.v1.json", import.meta.url);
  const { paths } = JSON.parse(await readFile(file, "utf8")) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const asked = new Set(METHODS.map(([, method, path]) => `${method} /api/v1/${path}`));
  assert.deepEqual([...asked].sort(), operations.sort());
});

test("every method asks the right address, and only what may be is repeated", async () => {
  const server = await Scripted.with(json(200, PAGE));
  const busy = await Scripted.with(json(503, {}, { "Retry-After": "0" }));
  for (const [call, method, path] of METHODS) {
    server.seen.length = busy.seen.length = 0;
    await call(new Client(server.address));
    const [seen] = server.seen;
    const wanted = path.replace(/\{\w+\}/g, (name) => GIVEN[name] ?? name);
    assert.equal(`${seen?.method} ${seen?.url.pathname}`, `${method} /api/v1/${wanted}`);
    await assert.rejects(call(new Client(busy.address, undefined, { retries: 1 })), ApiError);
    const keyed = busy.seen[0]?.headers["idempotency-key"] !== undefined;
    const free = keyed || HARMLESS.test(path) || method === "GET" || path.includes("golden");
    const once = !free || path.endsWith("accept");
    assert.equal(busy.seen.length, once ? 1 : 2, `${method} ${path}`);
  }
  await server.close();
  await busy.close();
});

test("a start carries token, body and a key, and is repeated under the same key", async () => {
  const [run, seen] = await asking([cut, json(503, {}, { "Retry-After": "0" }), json(201, RUN)], (c) =>
    c.startRun({ workflow: "release", inputs: { n: 1 } }),
  );
  assert.deepEqual(run, RUN);
  assert.equal(seen.length, 3);
  assert.equal(new Set(seen.map((one) => one.headers["idempotency-key"])).size, 1);
  assert.match(String(seen[0]?.headers["idempotency-key"]), /^[0-9a-f]{32}$/);
  assert.equal(seen[0]?.headers.authorization, "Bearer secret");
  assert.deepEqual(JSON.parse(seen[2]?.body ?? ""), { workflow: "release", inputs: { n: 1 } });
});

test("a key of one's own is used", async () => {
  const [, seen] = await asking([json(201, RUN)], (c) =>
    c.restartRun("run_1", { from: "build" }, { idempotencyKey: "mine" }),
  );
  assert.equal(seen[0]?.headers["idempotency-key"], "mine");
  assert.deepEqual(JSON.parse(seen[0]?.body ?? ""), { from: "build" });
});

test("what carries no key is not repeated once it was sent", async () => {
  const [error, seen] = await asking([cut], (c) => c.cancelRun("run_1"));
  assert.ok(error instanceof ServerUnreachable);
  assert.equal(seen.length, 1);
});

test("where nobody listens, that is told after some tries", async () => {
  const server = await Scripted.with(cut);
  const { address } = server;
  await server.close();
  const client = new Client(address, "secret", { retries: 1 });
  await assert.rejects(client.cancelRun("run_1"), { name: "ServerUnreachable" });
});

test("a server that does not answer in time is told", async () => {
  const silent: Reply = () => {};
  const [error] = await asking([silent], (c) => c.getRun("run_1"), { timeoutMs: 100, retries: 0 });
  assert.ok(error instanceof ServerUnreachable);
  assert.match(error.message, /too long/);
});

test("a refusal is an error in the server's words", async () => {
  const problem = {
    status: 422, code: "invalid-inputs", title: "…", detail: "n is no number.",
    hint: "Give 1.", problems: [{ code: "D502", message: "…" }],
  };
  const [error] = await asking([json(422, problem)], (c) => c.startRun({ workflow: "release" }));
  assert.ok(error instanceof Refused);
  assert.deepEqual([error.status, error.code, error.hint], [422, "invalid-inputs", "Give 1."]);
  assert.equal(error.message, "n is no number. [invalid-inputs]");
  assert.equal(error.problems[0]?.code, "D502");
  for (const [status, kind] of [[404, NotFound], [409, Conflict], [500, ApiError]] as const) {
    const [other] = await asking([json(status, "no problem")], (c) => c.getRun("run_1"));
    assert.ok(other instanceof kind);
    assert.equal(other.code, `http-${status}`);
  }
});

test("something else than a Maverick server is told", async () => {
  const page: Reply = (answer) => answer.end("<h1>hello</h1>");
  const [error] = await asking([page], (c) => c.getRun("run_1"));
  assert.match(String(error), /Is it a Maverick server/);
});

test("a redirect is not followed, so the token goes nowhere else", async () => {
  const elsewhere = await Scripted.with(json(200, RUN));
  const [error] = await asking([json(302, {}, { Location: elsewhere.address })], (c) =>
    c.getRun("run_1"),
  );
  assert.ok(error instanceof ApiError);
  assert.equal(elsewhere.seen.length, 0);
  await elsewhere.close();
});

test("an id leads nowhere else", async () => {
  for (const id of ["../tokens", "a/b", "a?b=c", "..", ""]) {
    const [, seen] = await asking([json(200, RUN)], (c) => c.getRun(id));
    assert.match(seen[0]?.url.pathname ?? "", /^\/api\/v1\/runs\/[^/]+$/);
    assert.equal(seen[0]?.url.search, "");
  }
});

test("filters travel as the API wants them, and pages are followed to the end", async () => {
  const [found, seen] = await asking(
    [json(200, { items: [{ id: "run_2" }], next_cursor: "c" }), json(200, { items: [{ id: "run_1" }], next_cursor: null })],
    (c) => every(c.allRuns({ status: ["failed", "timeout"], golden: false, text: "" })),
  );
  assert.deepEqual(found, [{ id: "run_2" }, { id: "run_1" }]);
  assert.deepEqual(seen[0]?.url.searchParams.getAll("status"), ["failed", "timeout"]);
  assert.equal(seen[0]?.url.searchParams.get("golden"), "false");
  assert.equal(seen[0]?.url.searchParams.has("text"), false);
  assert.equal(seen[1]?.url.searchParams.get("cursor"), "c");
});

test("waiting ends with the run, with the time, or when it is given up", async () => {
  const over = { ...RUN, status: "failed" };
  const [run] = await asking([json(200, RUN), json(200, over)], (c) => c.wait("run_1", { everyMs: 1 }));
  assert.deepEqual(run, over);
  const [late] = await asking([json(200, RUN)], (c) => c.wait("run_1", { timeoutMs: 0 }));
  assert.ok(late instanceof WaitTimeout);
  const signal = AbortSignal.timeout(50);
  const [stopped] = await asking([json(200, RUN)], (c) => c.wait("run_1", { signal }));
  assert.equal((stopped as Error).name, "TimeoutError");
});
