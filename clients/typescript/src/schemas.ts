// The shapes that the server sends and takes, by short names. They are made from the OpenAPI
// document at every build, so they cannot be others than the server's.

import type { components, operations } from "./generated/api.js";

type Schemas = components["schemas"];

/** What an operation answers when it succeeds. */
export type Answer<Operation extends keyof operations> = operations[Operation] extends {
  responses: infer Responses;
}
  ? JsonOf<Responses[keyof Responses & (200 | 201)]>
  : never;

type JsonOf<Response> = Response extends { content: { "application/json": infer Body } }
  ? Body
  : undefined;

/** What may stand behind the question mark. */
export type Query<Operation extends keyof operations> = NonNullable<
  operations[Operation]["parameters"]["query"]
>;

/** Some items, and the cursor of the next page (null at the end). */
export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

export type AgentCall = Schemas["AgentCallOut"];
export type AgentDetail = Schemas["AgentDetailOut"];
export type Approval = Schemas["ApprovalOut"];
export type AuditEntry = Schemas["AuditEntryOut"];
export type BulkRequest = Schemas["BulkIn"];
export type BulkResult = Schemas["BulkOut"];
export type Check = Schemas["CheckOut"];
export type Checkpoint = Schemas["CheckpointOut"];
export type CheckpointDetail = Schemas["CheckpointDetailOut"];
export type Cleaned = Schemas["CleanedOut"];
export type Comparison = Schemas["ComparisonOut"];
export type Deletion = Schemas["DeletionOut"];
export type Delivery = Schemas["DeliveryOut"];
export type DeliveryDetail = Schemas["DeliveryDetailOut"];
export type Event = Schemas["EventOut"];
export type EventPage = Schemas["EventPageOut"];
export type Execution = Schemas["ExecutionOut"];
export type GoldenRun = Schemas["GoldenRunOut"];
export type Graph = Schemas["GraphOut"];
export type Imported = Schemas["ImportedOut"];
export type ImportedRun = Schemas["ImportedRunOut"];
export type Lineage = Schemas["LineageOut"];
export type LogPart = Schemas["LogPartOut"];
export type NewToken = Schemas["NewTokenOut"];
export type Note = Schemas["NoteOut"];
export type OneRun = Schemas["OneRunOut"];
export type Origin = Schemas["OriginOut"];
export type Plan = Schemas["PlanOut"];
export type Problem = Schemas["Problem"];
export type ProblemItem = Schemas["ProblemItem"];
export type Reasoner = Schemas["ReasonerOut"];
export type RegisteredAgent = Schemas["AgentOut"];
export type RestartRequest = Schemas["RestartIn"];
export type ResumeRequest = Schemas["ResumeIn"];
export type Run = Schemas["RunOut"];
export type RunRequest = Schemas["RunIn"];
export type RunStatus = Schemas["RunStatus"];
export type StepStatus = Schemas["StepStatus"];
export type Token = Schemas["TokenOut"];
export type Validation = Schemas["ValidationOut"];
export type View = Schemas["ViewOut"];
export type ViewChange = Schemas["ViewChangeIn"];
export type ViewRequest = Schemas["ViewIn"];
export type Webhook = Schemas["WebhookOut"];
export type WebhookChange = Schemas["WebhookChangeIn"];
export type WebhookRequest = Schemas["WebhookIn"];
export type Why = Schemas["WhyOut"];
export type Workflow = Schemas["WorkflowOut"];
export type WorkflowDetail = Schemas["WorkflowDetailOut"];
