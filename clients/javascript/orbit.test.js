// @orbit/jsonapi: a schema, queries and transforms. It sends an id with every new record.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { JSONAPISerializers, JSONAPISource, JSONAPIURLBuilder } from "@orbit/jsonapi";
import { buildSerializerSettingsFor } from "@orbit/serializers";
import { RecordSchema } from "@orbit/records";
import { api, token, unique } from "../session.ts";

const schema = new RecordSchema({
  models: {
    products: {
      attributes: { sku: { type: "string" }, status: { type: "string" } },
      relationships: { names: { kind: "hasMany", type: "productnames" } },
    },
    productnames: { attributes: { string: { type: "string" } } },
    customergroups: { attributes: { name: { type: "string" } } },
    customers: {
      attributes: { name: { type: "string" } },
      relationships: {
        group: { kind: "hasOne", type: "customergroups" },
        children: { kind: "hasMany", type: "customers", inverse: "parent" },
        parent: { kind: "hasOne", type: "customers", inverse: "children" },
      },
    },
  },
});

// Names are what the server says they are: neither dasherized nor put into the plural.
const asTheyAre = { serializationOptions: { inflectors: [] } };

// The library writes page[offset] and page[limit], and leaves it to an application to write what its server takes.
class URLBuilder extends JSONAPIURLBuilder {
  buildPageParam({ offset, limit }) {
    return { number: offset / limit + 1, size: limit };
  }
}

let source;

before(async () => {
  source = new JSONAPISource({
    schema,
    name: "entrepot",
    host: api,
    URLBuilderClass: URLBuilder,
    serializerSettingsFor: buildSerializerSettingsFor({
      settingsByType: {
        [JSONAPISerializers.ResourceType]: asTheyAre,
        [JSONAPISerializers.ResourceTypePath]: asTheyAre,
        [JSONAPISerializers.ResourceField]: asTheyAre,
        [JSONAPISerializers.ResourceFieldPath]: asTheyAre,
        [JSONAPISerializers.ResourceFieldParam]: asTheyAre,
      },
    }),
    defaultFetchSettings: { headers: { Authorization: `Bearer ${await token()}` } },
  });
  await source.activated;
});

test("list with filter, include, sort and page", async () => {
  const answer = await source.query(
    (q) => q.findRecords("products").filter({ attribute: "status", value: "enabled" }).sort("-sku").page({ offset: 2, limit: 2 }),
    { include: ["names"], fullResponse: true },
  );
  assert.equal(answer.data.length, 2);
  assert(answer.data[0].attributes.sku > answer.data[1].attributes.sku);
  assert(answer.details[0].document.included.some((record) => record.type === "productnames"));
});

test("create, relate, update, delete", async () => {
  const group = await source.update((t) =>
    t.addRecord({ type: "customergroups", attributes: { name: unique("orbit") } }),
  );
  const customer = await source.update((t) =>
    t.addRecord({
      type: "customers",
      attributes: { name: unique("orbit") },
      relationships: { group: { data: { type: "customergroups", id: group.id } } },
    }),
  );
  const child = await source.update((t) =>
    t.addRecord({ type: "customers", attributes: { name: unique("orbit") } }),
  );

  await source.update((t) => t.replaceAttribute(customer, "name", "renamed"));
  await source.update((t) => t.addToRelatedRecords(customer, "children", child));
  const read = await source.query((q) => q.findRecord(customer));
  assert.equal(read.attributes.name, "renamed");
  const related = await source.query((q) => q.findRelatedRecord(customer, "group"));
  assert.equal(related.attributes.name, group.attributes.name);
  const children = await source.query((q) => q.findRelatedRecords(customer, "children"));
  assert.deepEqual(children.map((one) => one.id), [child.id]);

  await source.update((t) => t.removeFromRelatedRecords(customer, "children", child));
  await source.update((t) => t.replaceRelatedRecord(customer, "group", null));
  assert.equal(await source.query((q) => q.findRelatedRecord(customer, "group")), null);

  await source.update((t) => t.removeRecord(child));
  await source.update((t) => t.removeRecord(customer));
  await assert.rejects(
    source.query((q) => q.findRecord(customer), { raiseNotFoundExceptions: true }),
    (error) => error.constructor.name === "RecordNotFoundException",
  );
  // What failed waits at the head of the source's queue.
  await source.requestQueue.skip();
});

test("a refusal is an exception with the errors", async () => {
  await assert.rejects(
    source.update((t) => t.addRecord({ type: "customers", attributes: { name: "" } })),
    (error) => {
      assert.equal(error.data.errors[0].source.pointer, "/data/attributes/name");
      return true;
    },
  );
});
