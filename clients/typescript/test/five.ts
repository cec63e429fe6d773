// An agent of five reasoners for the scenario: the fourth fails the first time it is called.

import { Agent, t } from "maverick-client/agent";

const agent = new Agent("five");
let asked = 0;

const found = t.object({
  part: t.string(),
  hits: t.array(t.union(t.number(), t.string(), t.nothing())),
});

agent.reasoner("plan", { input: { topic: t.string() } }, ({ topic }) => [`${topic} a`, `${topic} b`]);

agent.reasoner("search", { input: { part: t.string() }, output: found }, ({ part }) => {
  return { part, hits: [1, 2.5, null, "ü"] };
});

agent.reasoner("summarise", { input: { found: t.array(found) } }, (input) => {
  return input.found.reduce((sum, one) => sum + one.hits.length, 0);
});

agent.reasoner("judge", { input: { hits: t.integer() } }, ({ hits }) => {
  asked += 1;
  if (asked === 1) throw new Error("the judge is out");
  if (hits !== 8) throw new Error(`${hits} hits`); // what was reused has to come back as it was
  return { good: true };
});

agent.reasoner("report", { input: { topic: t.string() } }, async ({ topic }) => {
  const parts = await agent.call<string[]>("five.plan", { topic });
  const found = [];
  for (const part of parts) found.push(await agent.call("five.search", { part }));
  const hits = await agent.call<number>("five.summarise", { found });
  return { topic, verdict: await agent.call("five.judge", { hits }) };
});

await agent.serve();
