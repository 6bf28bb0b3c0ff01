// The types of openapi-typescript with the client openapi-fetch.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import createClient from "openapi-fetch";
import type { paths } from "../generated/openapi-typescript.ts";
import { credentials, mediaType, server, unique } from "../session.ts";

const client = createClient<paths>({
  baseUrl: server,
  headers: { Accept: mediaType },
});
const headers = { "Content-Type": mediaType };

before(async () => {
  const { data } = await client.POST("/oauth2-token", {
    body: credentials,
    headers: { Accept: "application/json", "Content-Type": "application/json" },
  });
  assert(data, "no token");
  client.use({
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${data.access_token}`);
    },
  });
});

test("list with filter, include, sort, page and total", async () => {
  const { data, response } = await client.GET("/admin/api/products", {
    params: {
      query: { "page[size]": 2, sort: ["-sku"], include: ["names"], "filter[status]": { eq: "enabled" } },
      header: { "X-Include": "totalCount" },
    },
  });
  assert(data, "no list");
  assert.equal(data.data.length, 2);
  const [first, second] = data.data.map((product) => product.attributes?.sku ?? "");
  assert(first! > second!, `${first} before ${second}`);
  assert(data.included?.some((record) => record.type === "productnames"));
  assert(Number(response.headers.get("X-Include-Total-Count")) >= 2);
});

test("create, get, update, delete", async () => {
  const name = unique("openapi-fetch");
  const created = await client.POST("/admin/api/customers", {
    headers,
    body: { data: { type: "customers", attributes: { name, externalId: name } } },
  });
  assert.equal(created.response.status, 201);
  assert(created.data);
  const id = created.data.data.id;

  const again = await client.POST("/admin/api/customers", {
    headers,
    body: {
      data: { type: "customers", attributes: { name, externalId: name }, meta: { upsert: ["externalId"] } },
    },
  });
  assert.equal(again.response.status, 200);
  assert.equal(again.data?.data.id, id);

  const updated = await client.PATCH("/admin/api/customers/{id}", {
    headers,
    params: { path: { id } },
    body: { data: { type: "customers", id, attributes: { name: `${name}, renamed` } } },
  });
  assert.equal(updated.data?.data.attributes?.name, `${name}, renamed`);

  const path = { params: { path: { id } } };
  assert.equal((await client.DELETE("/admin/api/customers/{id}", path)).response.status, 204);
  const gone = await client.GET("/admin/api/customers/{id}", path);
  assert.equal(gone.response.status, 404);
  assert.equal(gone.error?.errors[0]?.code, "not-found");
});

test("a refusal has the type of its document", async () => {
  const { error, response } = await client.POST("/admin/api/customers", {
    headers,
    body: { data: { type: "customers", attributes: { name: "" } } },
  });
  assert.equal(response.status, 400);
  assert(error);
  assert.equal(error.errors[0]?.source?.pointer, "/data/attributes/name");
});
