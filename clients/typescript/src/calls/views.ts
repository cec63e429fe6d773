// Saved views of the run list.

import type { Answer, ViewChange, ViewRequest } from "../schemas.js";
import { WebhookCalls } from "./webhooks.js";

export class ViewCalls extends WebhookCalls {
  /** One's own views of the run list, then what others share. */
  async views(): Promise<Answer<"listViews">["items"]> {
    return (await this.ask<"listViews">("GET", "views")).items;
  }

  /** Save a search of the run list under a name. */
  createView(request: ViewRequest): Promise<Answer<"createView">> {
    return this.ask<"createView">("POST", "views", { json: request });
  }

  /** Give a view another name, search or columns; what is left out stays. */
  changeView(viewId: number, change: ViewChange): Promise<Answer<"changeView">> {
    return this.ask<"changeView">("PATCH", `views/${viewId}`, { json: change });
  }

  /** Delete a view. Runs are not touched. */
  async deleteView(viewId: number): Promise<void> {
    await this.ask<"deleteView">("DELETE", `views/${viewId}`);
  }
}
