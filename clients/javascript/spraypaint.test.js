// spraypaint: classes in the manner of ActiveRecord, which save a tree of records in one request.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import spraypaint from "spraypaint";
import { server, token, unique } from "../session.ts";

const { SpraypaintBase, attr, belongsTo, hasMany } = spraypaint;

const Base = SpraypaintBase.extend({
  static: {
    baseUrl: server,
    apiNamespace: "/admin/api",
    camelizeKeys: false,
    generateAuthHeader: (token) => `Bearer ${token}`,
  },
});
const ProductName = Base.extend({
  static: { jsonapiType: "productnames" },
  attrs: { string: attr() },
});
const Product = Base.extend({
  static: { jsonapiType: "products" },
  attrs: { sku: attr(), status: attr(), names: hasMany({ type: ProductName }) },
});
const Group = Base.extend({
  static: { jsonapiType: "customergroups" },
  attrs: { name: attr() },
});
const Customer = Base.extend({
  static: { jsonapiType: "customers" },
  attrs: { name: attr(), group: belongsTo({ type: Group }) },
});

before(async () => {
  const jwt = await token();
  for (const model of [Base, ProductName, Product, Group, Customer]) model.jwt = jwt;
});

test("list with filter, include, sort and page", async () => {
  const { data } = await Product.where({ status: "enabled" }).includes("names").order({ sku: "desc" }).per(2).all();
  assert.equal(data.length, 2);
  assert(data[0].sku > data[1].sku);
  assert(data[0].names[0].string, "the name is not in its product");
});

test("create, update, delete", async () => {
  const customer = new Customer({ name: unique("spraypaint") });
  assert(await customer.save(), JSON.stringify(customer.errors));
  customer.name = "renamed";
  assert(await customer.save(), JSON.stringify(customer.errors));
  assert.equal((await Customer.find(customer.id)).data.name, "renamed");
  assert(await customer.destroy());
  await assert.rejects(Customer.find(customer.id), (error) => error.response.status === 404);
});

// It puts errors into the record only when their status is 422; the contract's is 400.
test("a refusal is an exception with the answer", async () => {
  await assert.rejects(new Customer({ name: "" }).save(), (error) => {
    assert.equal(error.response.status, 400);
    return true;
  });
});
