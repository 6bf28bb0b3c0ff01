// devour-client: models that are defined first.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import Devour from "devour-client";
import { api, token, unique } from "../session.ts";

let client;

before(async () => {
  const JsonApi = Devour.default ?? Devour;
  client = new JsonApi({ apiUrl: api, bearer: await token(), logger: false, pluralize: false });
  client.define("productnames", { string: "" });
  client.define("products", {
    sku: "",
    status: "",
    names: { jsonApi: "hasMany", type: "productnames" },
  }, { readOnly: [] });
  client.define("customergroups", { name: "" });
  client.define("customers", {
    name: "",
    group: { jsonApi: "hasOne", type: "customergroups" },
    children: { jsonApi: "hasMany", type: "customers" },
  });
});

test("list with filter, include, sort and page", async () => {
  const { data, links } = await client.findAll("products", {
    filter: { status: "enabled" },
    include: "names",
    sort: "-sku",
    page: { size: 2, number: 1 },
  });
  assert.equal(data.length, 2);
  assert(data[0].sku > data[1].sku);
  assert(data[0].names[0].string, "the name is not in its product");
  assert(links.next);
});

test("create, relate, update, delete", async () => {
  const { data: group } = await client.create("customergroups", { name: unique("devour") });
  const { data: customer } = await client.create("customers", { name: unique("devour"), group });
  await client.update("customers", { id: customer.id, name: "renamed" });

  const { data: read } = await client.find("customers", customer.id, { include: "group" });
  assert.equal(read.name, "renamed");
  assert.equal(read.group.name, group.name);

  const { data: child } = await client.create("customers", { name: unique("devour") });
  await client.one("customers", customer.id).relationships("children").patch([{ id: child.id }]);
  const { data: children } = await client.one("customers", customer.id).all("children").get();
  assert.deepEqual(children.map((one) => one.id), [child.id]);

  await client.destroy("customers", child.id);
  await client.destroy("customers", customer.id);
  await assert.rejects(client.find("customers", customer.id));
});

test("a refusal is an exception with the errors", async () => {
  await assert.rejects(client.create("customers", { name: "" }), (error) => {
    const [refusal] = Object.values(error);
    assert.equal(refusal.title, "not blank constraint");
    return true;
  });
});
