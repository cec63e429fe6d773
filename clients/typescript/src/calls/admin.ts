// Tokens and the audit log. For admins.

import type { Answer, AuditEntry, Query, Token } from "../schemas.js";
import { part } from "../sending.js";
import { NoteCalls } from "./notes.js";

export class AdminCalls extends NoteCalls {
  /** Who changed what, newest first. */
  audit(filter: Omit<Query<"listAudit">, "cursor"> = {}): AsyncGenerator<AuditEntry> {
    return this.all<AuditEntry>("audit", { limit: 200, ...filter });
  }

  /** All tokens, without their secrets. */
  tokens(): AsyncGenerator<Token> {
    return this.all<Token>("tokens");
  }

  /** Make a token. Its secret is in the answer, this once; so a lost answer is not asked for
   * again. */
  createToken(
    name: string,
    role: "viewer" | "operator" | "admin" = "operator",
    expiresInDays: number | null = null,
  ): Promise<Answer<"createToken">> {
    const json = { name, role, expires_in_days: expiresInDays };
    return this.ask<"createToken">("POST", "tokens", { json });
  }

  /** From now on the token opens nothing. */
  async revokeToken(nameOrId: string | number): Promise<void> {
    await this.ask<"revokeToken">("DELETE", `tokens/${part(String(nameOrId))}`);
  }
}
