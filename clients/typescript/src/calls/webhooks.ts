// Webhooks and what was sent to them. For admins.

import type { Answer, Delivery, Query, Webhook, WebhookChange, WebhookRequest } from "../schemas.js";
import { part } from "../sending.js";
import { AgentCalls } from "./agents.js";

export class WebhookCalls extends AgentCalls {
  /** All webhooks, without their secrets. */
  webhooks(): AsyncGenerator<Webhook> {
    return this.all<Webhook>("webhooks");
  }

  /** One webhook. */
  webhook(webhookId: string): Promise<Webhook> {
    return this.ask<"getWebhook">("GET", `webhooks/${part(webhookId)}`);
  }

  /** Make a webhook. Its secret is in the answer, this once. */
  createWebhook(request: WebhookRequest): Promise<Answer<"createWebhook">> {
    return this.ask<"createWebhook">("POST", "webhooks", { json: request });
  }

  /** Change what is given. */
  changeWebhook(webhookId: string, change: WebhookChange): Promise<Webhook> {
    return this.ask<"changeWebhook">("PATCH", `webhooks/${part(webhookId)}`, { json: change });
  }

  /** Remove it with all of its messages. */
  async removeWebhook(webhookId: string): Promise<void> {
    await this.ask<"removeWebhook">("DELETE", `webhooks/${part(webhookId)}`);
  }

  /** A new secret, told this once; for a day the one before it signs as well. */
  rotateWebhookSecret(webhookId: string): Promise<Answer<"rotateWebhookSecret">> {
    return this.ask<"rotateWebhookSecret">("POST", `webhooks/${part(webhookId)}/secret`);
  }

  /** Send it a message that says nothing. */
  pingWebhook(webhookId: string): Promise<Answer<"pingWebhook">> {
    return this.ask<"pingWebhook">("POST", `webhooks/${part(webhookId)}/ping`);
  }

  /** What was sent, newest first. */
  deliveries(filter: Omit<Query<"listDeliveries">, "cursor"> = {}): AsyncGenerator<Delivery> {
    return this.all<Delivery>("webhooks/deliveries", { limit: 200, ...filter });
  }

  /** One message, what it says, and its last attempts. */
  delivery(deliveryId: string): Promise<Answer<"getDelivery">> {
    return this.ask<"getDelivery">("GET", `webhooks/deliveries/${part(deliveryId)}`);
  }

  /** Send a message again, under the same id. */
  redeliver(deliveryId: string): Promise<Answer<"redeliver">> {
    return this.ask<"redeliver">("POST", `webhooks/deliveries/${part(deliveryId)}/redeliver`);
  }
}
