// Plays tests/clients/scenario.json with this client: node player.js SCENARIO. It prints the
// documents that it gets, one a line; a test of the repository judges them.

import { readFile } from "node:fs/promises";
import { argv, env, stdout } from "node:process";

import { Client, type RestartRequest } from "maverick-client";

interface Step {
  do: string;
  definition: string;
  as?: string;
  run: string;
  other: string;
  plan?: string;
  path: string;
  name: string;
  against: string;
  inputs: Record<string, never>;
  change: Record<string, never>;
  reuse?: NonNullable<RestartRequest["reuse"]>;
}

const file = argv[2] ?? "";
interface Scenario {
  definitions: Record<string, string[]>;
  steps: Step[];
}
const scenario = JSON.parse(await readFile(file, "utf8")) as Scenario;
const client = new Client(env["MAVERICK_SERVER"] ?? "", env["MAVERICK_TOKEN"]);
const ids = new Map<string, string>();
const id = (name: string): string => ids.get(name) ?? "";

const play: Record<string, (step: Step) => Promise<unknown>> = {
  start: ({ definition, inputs }) => {
    const text = (scenario.definitions[definition] ?? []).join("\n");
    return client.startRun({ definition: text, inputs });
  },
  wait: ({ run }) => client.wait(id(run), { timeoutMs: 60_000 }),
  graph: ({ run }) => client.graph(id(run)),
  events: async ({ run }) => {
    const items = [];
    for await (const event of client.events(id(run))) {
      const ended = event.kind === "step.succeeded" || event.kind === "step.failed";
      if (event.path !== null && ended) items.push(event);
    }
    return { items };
  },
  why: ({ run, path }) => client.why(id(run), path),
  preview: ({ run }) => client.planRestart(id(run)),
  restart: ({ run, plan, reuse }) => {
    const request: RestartRequest = {};
    if (plan !== undefined) request.plan_id = id(plan);
    if (reuse !== undefined) request.reuse = reuse;
    return client.restartRun(id(run), request);
  },
  fork: ({ run, change }) => client.restartRun(id(run), { input_patch: change }),
  compare: ({ run, other }) => client.compare(id(run), id(other)),
  lineage: ({ run }) => client.lineage(id(run)),
  golden: ({ run, name }) => client.markGolden(id(run), { name, replace: true }),
  check: ({ run, against }) => client.check(id(run), against),
  unmark: ({ run }) => client.unmarkGolden(id(run)),
};

for (const step of scenario.steps) {
  const document = (await play[step.do]?.(step)) as { id?: string; plan_id?: string };
  if (step.as !== undefined) ids.set(step.as, document.plan_id ?? document.id ?? "");
  stdout.write(`${JSON.stringify(document)}\n`);
}
