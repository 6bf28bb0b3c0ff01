// kitsu: plain objects in and out.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import Kitsu from "kitsu";
import { api, token, unique } from "../session.ts";

let client;

before(async () => {
  client = new Kitsu({
    baseURL: api,
    headers: { Authorization: `Bearer ${await token()}` },
    // Types are what the server says they are.
    pluralize: false,
    camelCaseTypes: false,
    resourceCase: "none",
  });
});

test("list with filter, include, sort and page", async () => {
  const { data, links } = await client.get("products", {
    params: { filter: { status: "enabled" }, include: "names", sort: "-sku", page: { size: 2 } },
  });
  assert.equal(data.length, 2);
  assert(data[0].sku > data[1].sku);
  assert(data[0].names.data[0].string, "the name is not in its product");
  assert(links.next);
});

test("an operator in a filter", async () => {
  const { data } = await client.get("products", { params: { filter: { sku: { neq: "HAM-450" } }, page: { size: -1 } } });
  assert(data.length > 0);
  assert(data.every((product) => product.sku !== "HAM-450"));
});

test("create, relate, update, delete", async () => {
  const { data: group } = await client.post("customergroups", { name: unique("kitsu") });
  const { data: customer, status } = await client.post("customers", {
    name: unique("kitsu"),
    group: { data: { type: "customergroups", id: group.id } },
  });
  assert.equal(status, 201);

  await client.patch("customers", { id: customer.id, name: "renamed" });
  const { data: read } = await client.get(`customers/${customer.id}`, { params: { include: "group" } });
  assert.equal(read.name, "renamed");
  assert.equal(read.group.data.name, group.name);

  const { data: related } = await client.get(`customers/${customer.id}/group`);
  assert.equal(related.id, group.id);

  assert.equal((await client.delete("customers", customer.id)).status, 204);
  await assert.rejects(client.get(`customers/${customer.id}`), (error) => error.response.status === 404);
});

test("a refusal is an exception with the errors", async () => {
  await assert.rejects(client.post("customers", { name: "" }), (error) => {
    assert.equal(error.errors[0].source.pointer, "/data/attributes/name");
    return true;
  });
});
