// Agents: programs whose functions Maverick calls. For Node; a browser has the client only.

export { Agent, type AgentOptions, type Describing } from "./agent.js";
export { type Call, Cancelled, currentCall } from "./context.js";
export { CallFailed, type Failure, ReasonerFailed } from "./failures.js";
export type { Calling } from "./plane.js";
export * as t from "./shapes.js";
