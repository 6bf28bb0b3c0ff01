// ra-jsonapi-client, a data provider of react-admin. It expects a browser's storage, where it looks for the token.
//
// It cannot write a list of ids with commas, so GET_MANY is good for one id, and it reads totals at a fixed place where
// this server has none, so a total is the length of the page.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { api, token, unique } from "../session.ts";

let provider;

before(async () => {
  const stored = new Map([["token", await token()]]);
  globalThis.localStorage = { getItem: (key) => stored.get(key) ?? null };
  const { default: module } = await import("ra-jsonapi-client");
  provider = (module.default ?? module)(api, { arrayFormat: "repeat" });
});

test("GET_LIST with filter, sort and page", async () => {
  const { data, total } = await provider("GET_LIST", "products", {
    pagination: { page: 1, perPage: 2 },
    sort: { field: "sku", order: "DESC" },
    filter: { status: "enabled" },
  });
  assert.equal(data.length, 2);
  assert(data[0].sku > data[1].sku);
  assert.equal(total, 2);
});

test("CREATE, UPDATE, GET_ONE, GET_MANY, GET_MANY_REFERENCE, DELETE", async () => {
  const { data: group } = await provider("CREATE", "customergroups", { data: { name: unique("react-admin") } });
  const { data: customer } = await provider("CREATE", "customers", { data: { name: unique("react-admin") } });
  await provider("UPDATE", "customers", { id: customer.id, data: { ...customer, name: "renamed" } });
  assert.equal((await provider("GET_ONE", "customers", { id: customer.id })).data.name, "renamed");

  const { data: many } = await provider("GET_MANY", "customers", { ids: [customer.id] });
  assert.deepEqual(many.map((one) => one.id), [customer.id]);

  const { data: members } = await provider("GET_MANY_REFERENCE", "customers", {
    target: "group",
    id: group.id,
    pagination: { page: 1, perPage: 5 },
    sort: { field: "name", order: "ASC" },
    filter: {},
  });
  assert.deepEqual(members, []);

  await provider("DELETE", "customers", { id: customer.id });
  await assert.rejects(provider("GET_ONE", "customers", { id: customer.id }), (error) => error.status === 404);
});

test("a refusal is an exception with the document", async () => {
  await assert.rejects(provider("CREATE", "customers", { data: { name: "" } }), (error) => {
    assert.equal(error.status, 400);
    return true;
  });
});
