// Agent: what it registers, takes, calls, reports, and how it stops.

import assert from "node:assert/strict";
import { test } from "node:test";

import { NotSignedIn, WaitTimeout } from "maverick-client";
import { Agent, CallFailed, currentCall, ReasonerFailed, t } from "maverick-client/agent";

import { dispatch, LittlePlane } from "./plane.js";

type Work = (agent: Agent, plane: LittlePlane) => Promise<void>;

/** What is set up before the agent starts, and what happens while it runs. */
function promised(
  name: string,
  setUp: (agent: Agent, plane: LittlePlane) => void,
  work: Work,
  graceMs = 100,
): void {
  test(name, async () => {
    const plane = await LittlePlane.open();
    const agent = new Agent("solo", { server: plane.url, token: "secret", graceMs });
    setUp(agent, plane);
    try {
      await agent.start();
      await work(agent, plane);
    } finally {
      await agent.stop();
      plane.close();
    }
  });
}

test("it registers, beats and says goodbye", async () => {
  const plane = await LittlePlane.open();
  const agent = new Agent("solo", { server: plane.url, token: "secret", version: "2.1" });
  const input = { topic: t.string(), depth: t.withDefault(t.integer(), 2) };
  const told = { input, output: t.array(t.string()), description: "Makes a plan.", tags: ["fast"] };
  agent.reasoner("plan", told, ({ topic, depth }) => Array<string>(depth).fill(topic));
  await agent.start();
  await plane.until(() => plane.of("/heartbeat")[0]);
  await agent.stop();
  const [hello] = plane.of("/nodes/register");
  assert.equal(hello?.headers.authorization, "Bearer secret");
  assert.deepEqual(hello?.body.reasoners, [
    {
      id: "plan",
      description: "Makes a plan.",
      tags: ["fast"],
      input_schema: {
        type: "object",
        properties: { topic: { type: "string" }, depth: { type: "integer", default: 2 } },
        required: ["topic"],
        additionalProperties: false,
      },
      output_schema: { type: "array", items: { type: "string" } },
    },
  ]);
  assert.equal(plane.of("/heartbeat")[0]?.body.instance_id, hello?.body.instance_id);
  assert.equal(plane.asked.at(-1)?.path, "/api/v1/nodes/solo/shutdown");
  plane.close();
});

test("it waits for a Maverick that is not there yet, not for one that refuses", async () => {
  const plane = await LittlePlane.open();
  const answers: (null | [number, unknown])[] = [null, [503, {}], [201, {}]];
  plane.say = ({ path }) => (path.endsWith("/register") ? answers.shift() : undefined);
  const agent = new Agent("solo", { server: plane.url });
  await agent.start();
  await agent.stop();
  assert.equal(plane.of("/register").length, 3);
  plane.say = () => [401, { error: "who are you?" }];
  await assert.rejects(agent.start(), NotSignedIn);
  plane.close();
});

promised(
  "it registers again when Maverick has forgotten it",
  (_, plane) => {
    let forgot = false;
    plane.say = ({ path }) => {
      if (forgot || !path.endsWith("/heartbeat")) return undefined;
      forgot = true;
      return [404, { error: "unknown" }];
    };
  },
  async (_, plane) => {
    await plane.until(() => plane.of("/register").length === 2);
  },
);

promised(
  "a call is answered with 202 and reported; notes and lines go along",
  (agent) => {
    agent.reasoner("double", { input: { n: t.integer() } }, ({ n }) => {
      agent.note("half done", ["half"]);
      agent.log("doubling");
      agent.log("doubled");
      return { n: 2 * n };
    });
  },
  async (agent, plane) => {
    const answer = await dispatch(agent.address, "double", { n: 4 });
    assert.equal(answer.status, 202);
    const { status, result } = await plane.report("exec_1");
    assert.deepEqual([status, result], ["succeeded", { n: 8 }]);
    const note = await plane.until(() => plane.of("/note")[0]);
    assert.deepEqual(note.body.tags, ["half"]);
    const lines = (): string[] => {
      const entries = plane.of("/logs").flatMap((one) => one.body.entries as { message: string }[]);
      return entries.map((one) => one.message);
    };
    await plane.until(() => lines().length === 2);
    assert.deepEqual(lines(), ["doubling", "doubled"]);
    assert.equal((await dispatch(agent.address, "double", { n: 4 })).status, 202);
    await agent.stop();
    assert.equal(plane.of("/exec_1/status").length, 1, "the same execution is begun once");
  },
);

promised(
  "a wrong input is 422 with every fault and its place",
  (agent) => {
    const kind = t.union(t.oneOf("a", "b"), t.nothing());
    const more = { kind: t.optional(kind), by: t.optional(t.record(t.number())) };
    const input = { n: t.integer(), to: t.array(t.string()), ...more };
    agent.reasoner("double", { input }, () => assert.fail("it was called"));
  },
  async (agent, plane) => {
    const wrong = { to: ["a", 1], kind: 1, by: { x: "y" }, more: 1 };
    const answer = await dispatch(agent.address, "double", wrong);
    const { detail, problems } = (await answer.json()) as { detail: string; problems: unknown[] };
    assert.equal(answer.status, 422);
    assert.deepEqual(detail.split("; "), [
      "Missing required field: n",
      "to[1]: must be a string, not an integer",
      "kind: must be an other value or null, not an integer",
      "by.x: must be a number, not a string",
      "Unknown field: more",
    ]);
    assert.equal(problems.length, 5);
    assert.equal((await dispatch(agent.address, "nobody", {})).status, 404);
    const url = `${agent.address}/reasoners/double`;
    const text = { method: "POST", body: "{}", headers: { "Content-Type": "text/plain" } };
    assert.equal((await fetch(url, text)).status, 415);
    assert.deepEqual(plane.of("/status"), []);
  },
);

promised(
  "a report is repeated until it is taken",
  (agent, plane) => {
    const answers: (null | [number, unknown])[] = [[503, {}], null, [500, {}], [200, {}]];
    plane.say = ({ path }) => (path.endsWith("/status") ? answers.shift() : undefined);
    agent.reasoner("noop", () => null);
  },
  async (agent, plane) => {
    await dispatch(agent.address, "noop", {});
    await plane.until(() => plane.of("/status").length === 4);
  },
);

promised(
  "a result that is refused ends as a failure",
  (agent, plane) => {
    const answers: [number, unknown][] = [[413, { error: "too large" }]];
    plane.say = ({ path }) => (path.endsWith("/status") ? answers.shift() : undefined);
    agent.reasoner("noop", () => "large");
  },
  async (agent, plane) => {
    await dispatch(agent.address, "noop", {});
    const told = await plane.until(() => plane.of("/status")[1]);
    assert.equal(told.body.status, "failed");
    assert.match(told.body.error, /^Maverick refused the report: /);
  },
);

const REPLAY = {
  "x-session-id": "s1",
  "x-actor-id": "a1",
  "x-agentfield-replay-source-run-id": "run_0",
  "x-agentfield-replay-before-execution-id": "exec_0",
  "x-agentfield-replay-mode": "succeeded-before",
};

promised(
  "a nested call is a child of the one that makes it, and is made once",
  (agent, plane) => {
    plane.results.set("other.plan", { parts: [1] });
    const lost: (null | [number, unknown])[] = [null, [503, {}]];
    plane.say = ({ path }) => (path.includes("/execute/") ? lost.shift() : undefined);
    agent.reasoner("work", async ({ topic }) => {
      await new Promise((later) => setTimeout(later, 5)); // it is known behind a wait as well
      assert.equal(currentCall()?.executionId, "exec_1");
      return agent.call("other.plan", { topic });
    });
  },
  async (agent, plane) => {
    await dispatch(agent.address, "work", { topic: "tea" }, "exec_1", REPLAY);
    assert.deepEqual((await plane.report("exec_1")).result, { parts: [1] });
    const made = plane.of("/execute/async/other.plan");
    assert.deepEqual(made.map((one) => one.body), Array(3).fill({ input: { topic: "tea" } }));
    assert.equal(new Set(made.map((one) => one.headers["idempotency-key"])).size, 1);
    const sent = made[0]?.headers ?? {};
    assert.deepEqual([sent["x-run-id"], sent["x-parent-execution-id"]], ["run_1", "exec_1"]);
    for (const [name, value] of Object.entries(REPLAY)) assert.equal(sent[name], value);
    assert.equal(currentCall(), undefined);
  },
);

promised(
  "failures are told",
  (agent, plane) => {
    const over = { execution_id: "x", status: "failed", error: "boom" };
    plane.say = ({ path }) => {
      if (path.endsWith("executions/other.x")) return [200, over];
      return path.endsWith("async/other.gone") ? [404, { error: "no such agent" }] : undefined;
    };
    agent.reasoner("calls", () => agent.call("other.x"));
    agent.reasoner("gone", () => agent.call("other.gone"));
    agent.reasoner("odd", () => ({ a: [1, new Map()] }));
    agent.reasoner("nan", () => Number.NaN);
    agent.reasoner("tells", () => {
      throw new ReasonerFailed("no", { result: [1], details: { a: 2 }, statusCode: 422 });
    });
  },
  async (agent, plane) => {
    const names = ["calls", "gone", "odd", "nan", "tells"];
    for (const name of names) await dispatch(agent.address, name, {}, name);
    const [calls, gone, odd, nan, tells] = await Promise.all(names.map((name) => plane.report(name)));
    assert.equal(calls.error, "other.x failed: boom");
    assert.equal(gone.error_status_code, 404);
    assert.equal(odd.error, "result.a[1] is a Map, which is not JSON");
    assert.equal(nan.error, "result is a number NaN, which is not JSON");
    assert.deepEqual([tells.result, tells.error_details, tells.error_status_code], [[1], { a: 2 }, 422]);
    await assert.rejects(agent.call("other.x"), CallFailed);
    const running = [200, { status: "running" }] as [number, unknown];
    plane.say = ({ path }) => (path.endsWith("executions/other.slow") ? running : undefined);
    await assert.rejects(agent.call("other.slow", {}, { timeoutMs: 100 }), WaitTimeout);
  },
);

promised(
  "a cancelled call is over for Maverick, and its signal is aborted",
  (agent) => {
    agent.reasoner("sleeper", (_, call) => {
      const { signal } = call;
      return new Promise((_, reject) => (signal.onabort = () => reject(signal.reason)));
    });
    agent.reasoner("stubborn", () => new Promise(() => undefined));
  },
  async (agent, plane) => {
    for (const name of ["sleeper", "stubborn"]) await dispatch(agent.address, name, {}, name);
    for (const id of ["sleeper", "stubborn", "nobody"]) {
      const request = { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } };
      const answer = await fetch(`${agent.address}/_internal/executions/${id}/cancel`, request);
      assert.equal(((await answer.json()) as { cancelled: boolean }).cancelled, id !== "nobody");
      if (id === "nobody") continue;
      const { status, error } = await plane.report(id);
      assert.deepEqual([status, error], ["cancelled", "cancelled_by_control_plane"]);
    }
  },
);

let go: () => void = () => undefined;
promised(
  "what stops takes only what its own work waits for",
  (agent) => {
    agent.reasoner("parent", () => new Promise<string>((resolve) => (go = () => resolve("ended"))));
    agent.reasoner("child", () => "done");
  },
  async (agent, plane) => {
    const { address } = agent;
    await dispatch(address, "parent", {}, "exec_1");
    const stopping = agent.stop();
    await plane.until(() => plane.of("/shutdown").length);
    const below = (id: string): Record<string, string> => ({ "X-Parent-Execution-ID": id });
    const child = await dispatch(address, "child", {}, "exec_2", below("exec_1"));
    const other = await dispatch(address, "child", {}, "exec_3", below("exec_8"));
    go();
    await stopping;
    assert.deepEqual([child.status, other.status, other.headers.get("retry-after")], [202, 503, "1"]);
    assert.equal((await plane.report("exec_1")).result, "ended");
    assert.equal((await plane.report("exec_2")).result, "done");
    await assert.rejects(dispatch(address, "child", {}));
  },
  20_000,
);

promised(
  "what is not over in time is told as cut off",
  (agent) => agent.reasoner("endless", () => new Promise(() => undefined)),
  async (agent, plane) => {
    await dispatch(agent.address, "endless", {});
    await agent.stop();
    const { status, error } = await plane.report("exec_1");
    assert.deepEqual([status, error], ["cancelled", "cancelled during graceful shutdown"]);
  },
);

test("what cannot work is told when it is written", () => {
  assert.throws(() => new Agent("a.b"), TypeError);
  assert.throws(() => new Agent("a", { host: "0.0.0.0" }), TypeError);
  assert.throws(() => new Agent("a").reasoner("x.y", () => null), TypeError);
  assert.throws(() => new Agent("a").reasoner("x", () => null).reasoner("x", () => null), TypeError);
});
