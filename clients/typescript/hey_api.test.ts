// The functions and types of @hey-api/openapi-ts.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { client } from "../generated/hey-api/client.gen.ts";
import {
  createCustomers,
  createToken,
  deleteCustomers,
  getCustomers,
  listProducts,
  updateCustomers,
} from "../generated/hey-api/sdk.gen.ts";
import type { Errors } from "../generated/hey-api/types.gen.ts";
import { credentials, server, unique } from "../session.ts";

before(async () => {
  client.setConfig({ baseUrl: server });
  const { data } = await createToken({ body: credentials });
  assert(data, "no token");
  client.setConfig({ auth: data.access_token });
});

test("list with filter, include, sort, page and total", async () => {
  const { data, response } = await listProducts({
    query: { "page[size]": 2, sort: ["-sku"], include: ["names"], "filter[status]": { eq: "enabled" } },
    headers: { "X-Include": "totalCount" },
  });
  assert(data, "no list");
  assert.equal(data.data.length, 2);
  assert(data.included?.some((record) => record.type === "productnames"));
  assert(data.meta?.page?.total! >= 2);
  assert.equal(response?.headers.get("X-Include-Total-Count"), String(data.meta?.page?.total));
});

test("create, get, update, delete", async () => {
  const name = unique("hey-api");
  const created = await createCustomers({ body: { data: { type: "customers", attributes: { name } } } });
  assert.equal(created.response?.status, 201);
  assert(created.data);
  const path = { id: created.data.data.id };

  const updated = await updateCustomers({
    path,
    body: { data: { type: "customers", id: path.id, attributes: { name: `${name}, renamed` } } },
  });
  assert.equal(updated.data?.data.attributes?.name, `${name}, renamed`);

  assert.equal((await deleteCustomers({ path })).response?.status, 204);
  const gone = await getCustomers({ path });
  assert.equal(gone.response?.status, 404);
  assert.equal((gone.error as Errors).errors[0]?.code, "not-found");
});

test("a refusal has the type of its document", async () => {
  const { error, response } = await createCustomers({
    body: { data: { type: "customers", attributes: { name: "" } } },
  });
  assert.equal(response?.status, 400);
  assert.equal((error as Errors).errors[0]?.source?.pointer, "/data/attributes/name");
});
