"""jsonapi-requests: endpoints, and its small object mapper. It puts a slash behind every URL and a body into every DELETE."""

import json

import pytest
from jsonapi_requests import JsonApiObject, orm
from jsonapi_requests.request_factory import ApiClientError
from requests.auth import AuthBase


class Bearer(AuthBase):
    def __init__(self, token):
        self.token = token

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


@pytest.fixture(scope="module")
def mapper(api, token):
    return orm.OrmApi.config({"API_ROOT": api, "AUTH": Bearer(token), "TIMEOUT": 30})


@pytest.fixture(scope="module")
def customers(mapper):
    class Group(orm.ApiModel):
        class Meta:
            type = "customergroups"
            api = mapper

        name = orm.AttributeField("name")

    class Customer(orm.ApiModel):
        class Meta:
            type = "customers"
            api = mapper

        name = orm.AttributeField("name")
        group = orm.RelationField("group")

    Customer.Group = Group
    return Customer


def test_list_with_filter_include_sort_and_page(mapper):
    query = {"filter[status]": "enabled", "include": "names", "sort": "-sku", "page[size]": 2}
    answer = mapper.endpoint("products").get(params=query)
    skus = [product.attributes["sku"] for product in answer.data]
    assert len(skus) == 2
    assert skus[0] > skus[1]
    assert {record.type for record in answer.content.included} == {"productnames"}


def test_create_relate_update_and_delete(mapper, customers, unique):
    group = customers.Group()
    group.name = unique("jsonapi-requests")
    group.save()
    assert group.id

    customer = customers()
    customer.name = unique("jsonapi-requests")
    customer.group = group
    customer.save()

    fresh = customers.from_id(customer.id)
    fresh.refresh()
    assert fresh.group.name == group.name
    # The mapper would send back what it has read, less each "data" that is null: so only the change goes.
    change = JsonApiObject(type="customers", id=customer.id, attributes={"name": "renamed"})
    mapper.endpoint(f"customers/{customer.id}").patch(object=change)

    found = customers.get_list(params={"filter[id]": customer.id, "include": "group"})
    assert [(one.name, one.group.name) for one in found] == [("renamed", group.name)]

    fresh.delete()
    assert not customers.exists(customer.id)


def test_a_refusal_is_an_exception_with_the_document(mapper):
    with pytest.raises(ApiClientError) as refused:
        mapper.endpoint("customers").post(object=JsonApiObject(type="customers", attributes={"name": ""}))
    assert refused.value.status_code == 400
    error = json.loads(refused.value.content)["errors"][0]
    assert error["source"] == {"pointer": "/data/attributes/name"}
