// The server under test and a token for it, from the environment that bin/check-clients sets.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

function setting(name: string): string {
  const value = process.env[name];
  assert(value, `${name} is not set: start these tests by bin/check-clients`);
  return value;
}

/** Where the server is, without a slash at the end. */
export const server = setting("ENTREPOT_URL");

/** The root of the back office's API. */
export const api = `${server}/admin/api`;

export const mediaType = "application/vnd.api+json";

/** The credentials of the demonstration's ERP. */
export const credentials = {
  grant_type: "client_credentials",
  client_id: "demo-erp",
  client_secret: setting("ENTREPOT_DEMO_SECRET"),
} as const;

/** The credentials of the demonstration's shop and of someone who buys there. */
export const buyer = {
  grant_type: "password",
  client_id: "demo-storefront",
  client_secret: setting("ENTREPOT_DEMO_SECRET"),
  username: "amanda@atlas.example",
  password: setting("ENTREPOT_BUYER_PASSWORD"),
} as const;

/** An access token of the demonstration's ERP. */
export async function token(): Promise<string> {
  const answer = await fetch(`${server}/oauth2-token`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(credentials),
  });
  assert.equal(answer.status, 200);
  const { access_token } = (await answer.json()) as { access_token: string };
  return access_token;
}

/** A name that no other run has used. */
export function unique(what: string): string {
  return `${what} ${randomUUID().slice(0, 8)}`;
}
