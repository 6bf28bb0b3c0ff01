// The storefront's document through openapi-typescript and openapi-fetch: a shop, in the hands of a customer's user.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import createClient from "openapi-fetch";
import type { paths } from "../generated/openapi-typescript-storefront.ts";
import { buyer, mediaType, server, unique } from "../session.ts";

const client = createClient<paths>({ baseUrl: server, headers: { Accept: mediaType } });
const headers = { "Content-Type": mediaType };

before(async () => {
  const { data } = await client.POST("/oauth2-token", {
    body: buyer,
    headers: { Accept: "application/json", "Content-Type": "application/json" },
  });
  assert(data, "no token");
  client.use({
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${data.access_token}`);
    },
  });
});

test("the catalogue, with prices, sort, page and total", async () => {
  const { data, response } = await client.GET("/api/products", {
    params: {
      query: { "page[size]": 2, sort: ["-sku"], include: ["brand"] },
      header: { "X-Include": "totalCount" },
    },
  });
  assert(data, "no list");
  assert.equal(data.data.length, 2);
  const [first, second] = data.data;
  assert(first!.attributes!.sku! > second!.attributes!.sku!);
  assert(first!.attributes!.name, "a product has a name");
  assert(Number(response.headers.get("X-Include-Total-Count")) >= 2);

  const path = { params: { path: { id: first!.id } } };
  const { data: product } = await client.GET("/api/products/{id}", path);
  assert.equal(product?.data.attributes?.sku, first!.attributes!.sku);
});

test("the buyer's own customer and orders", async () => {
  const { data: mine } = await client.GET("/api/customers/{id}", { params: { path: { id: "mine" } } });
  assert(mine?.data.attributes?.name);
  const { data: orders } = await client.GET("/api/orders", {
    params: { query: { include: ["lineItems"], "page[size]": 1 } },
  });
  assert(orders?.data[0]?.attributes?.currency, "no order");
  assert(orders.included?.some((record) => record.type === "orderlineitems"));
});

test("an address is created, changed and deleted", async () => {
  const label = unique("openapi-fetch");
  const { data: mine } = await client.GET("/api/customers/{id}", { params: { path: { id: "mine" } } });
  assert(mine);
  const created = await client.POST("/api/customeraddresses", {
    headers,
    body: {
      data: {
        type: "customeraddresses",
        attributes: { label, street: "1 Main Street", city: "Los Angeles", postalCode: "90001", organization: "Atlas" },
        relationships: {
          customer: { data: { type: "customers", id: mine.data.id } },
          country: { data: { type: "countries", id: "US" } },
          region: { data: { type: "regions", id: "US-CA" } },
        },
      },
    },
  });
  assert.equal(created.response.status, 201, JSON.stringify(created.error));
  const id = created.data!.data.id;

  const changed = await client.PATCH("/api/customeraddresses/{id}", {
    headers,
    params: { path: { id } },
    body: { data: { type: "customeraddresses", id, attributes: { street: "2 Main Street" } } },
  });
  assert.equal(changed.data?.data.attributes?.street, "2 Main Street");

  const path = { params: { path: { id } } };
  assert.equal((await client.DELETE("/api/customeraddresses/{id}", path)).response.status, 204);
  assert.equal((await client.GET("/api/customeraddresses/{id}", path)).error?.errors[0]?.code, "not-found");
});

test("a refusal has the type of its document", async () => {
  const refused = await client.GET("/api/products/{id}", { params: { path: { id: "999999999" } } });
  assert.equal(refused.response.status, 404);
  assert.equal(refused.error?.errors[0]?.title, "not found http exception");
});
