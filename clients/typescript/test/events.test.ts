// The journal over server-sent events.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client, type Event, NotFound, ServerUnreachable } from "maverick-client";

import { cut, json, type Reply, Scripted, stream } from "./scripted.js";

function entry(seq: number): object {
  return { seq, kind: "step.succeeded", path: "a–b", data: {}, at: "", execution_id: null };
}

function frame(seq: number): string {
  return `id: ${seq}\nevent: step.succeeded\ndata: ${JSON.stringify(entry(seq))}\n\n`;
}

const END = 'id: 9\nevent: end\ndata: {"seq": 9, "status": "succeeded"}\n\n';

async function followed(
  replies: [Reply, ...Reply[]],
  retries = 3,
): Promise<{ seqs: number[]; error: unknown; server: Scripted }> {
  const server = await Scripted.with(...replies);
  const seqs: number[] = [];
  let error: unknown = null;
  try {
    const client = new Client(server.address, "secret", { retries });
    for await (const event of client.events("run_1")) seqs.push(event.seq);
  } catch (caught) {
    error = caught;
  }
  await server.close();
  return { seqs, error, server };
}

test("events go on behind the last one when the stream breaks", async () => {
  const { seqs, error, server } = await followed([
    stream([": alive\n\n", frame(1), frame(2)], true),
    cut,
    stream([frame(2), frame(3), END]),
  ]);
  assert.equal(error, null);
  assert.deepEqual(seqs, [1, 2, 3]);
  assert.deepEqual(server.seen.map((one) => one.headers["last-event-id"]), ["0", "2", "2"]);
});

test("events end when the server stays away", async () => {
  const { seqs, error } = await followed([stream([frame(1)], true), cut], 1);
  assert.deepEqual(seqs, [1]);
  assert.ok(error instanceof ServerUnreachable);
});

test("events come page by page where there are no streams", async () => {
  const page = (seqs: number[], over: boolean): Reply =>
    json(200, { items: seqs.map(entry), last_seq: 3, status: "running", over });
  const { seqs, server } = await followed([
    json(501, { code: "streams-need-asgi" }),
    page([1, 2], false),
    page([], false),
    page([3], true),
  ]);
  assert.deepEqual(seqs, [1, 2, 3]);
  assert.deepEqual(server.seen.map((one) => one.url.searchParams.get("after")), ["0", "0", "2", "2"]);
});

test("a stream of an unknown run is refused at once", async () => {
  const { error, server } = await followed([json(404, { code: "run-not-found" })]);
  assert.ok(error instanceof NotFound);
  assert.equal(server.seen.length, 1);
});

test("bytes may come in any pieces, and lines end in any way", async () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const bytes = Buffer.from((frame(1) + END).replaceAll("\n", end));
    const pieces: Reply = (answer) => {
      answer.writeHead(200, { "Content-Type": "text/event-stream" });
      let at = 0;
      const next = (): void => {
        if (at < bytes.length) answer.write(bytes.subarray(at, (at += 7)), () => setImmediate(next));
        else answer.end();
      };
      next();
    };
    const server = await Scripted.with(pieces);
    const found: Event[] = [];
    for await (const event of new Client(server.address).events("run_1")) found.push(event);
    assert.deepEqual(found, [entry(1)]);
    await server.close();
  }
});

test("who stops listening closes the connection", async () => {
  let closed: () => void = () => {};
  const gone = new Promise<void>((resolve) => (closed = resolve));
  const endless: Reply = (answer) => {
    answer.on("close", closed);
    answer.writeHead(200, { "Content-Type": "text/event-stream" });
    answer.write(frame(1));
  };
  const server = await Scripted.with(endless);
  for await (const event of new Client(server.address).events("run_1")) {
    assert.equal(event.seq, 1);
    break;
  }
  await gone;
  await server.close();
});

test("following can be given up", async () => {
  const endless: Reply = (answer) => {
    answer.writeHead(200, { "Content-Type": "text/event-stream" });
    answer.write(frame(1));
  };
  const server = await Scripted.with(endless);
  const stop = new AbortController();
  const events = new Client(server.address).events("run_1", { signal: stop.signal });
  assert.equal((await events.next()).value?.seq, 1);
  stop.abort();
  await assert.rejects(events.next(), { name: "AbortError" });
  await server.close();
});
