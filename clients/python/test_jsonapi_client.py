"""jsonapi-client: sessions of resource objects that know their links."""

import asyncio

import pytest
from conftest import MEDIA_TYPE
from jsonapi_client import Filter, Inclusion, Modifier, Session
from jsonapi_client.exceptions import DocumentError

SCHEMA = {
    "customers": {
        "properties": {
            "name": {"type": "string"},
            "group": {"relation": "to-one", "resource": ["customergroups"]},
            "children": {"relation": "to-many", "resource": ["customers"]},
        }
    },
    "customergroups": {"properties": {"name": {"type": "string"}}},
}


@pytest.fixture
def headers(token):
    return {"Authorization": f"Bearer {token}", "Accept": MEDIA_TYPE}


@pytest.fixture
def session(api, headers):
    session = Session(api, schema=SCHEMA, request_kwargs={"headers": headers, "timeout": 30})
    yield session
    session.close()


def test_list_with_filter_and_include(session):
    found = session.get("products", Filter(status="enabled") + Inclusion("names") + Modifier("page[size]=3"))
    assert len(found.resources) == 3
    assert all(product.status == "enabled" for product in found.resources)
    assert found.resources[0].names[0].string


def test_pages_follow_the_links(session):
    first = session.get("products", Modifier("page[size]=2&sort=sku"))
    second = first.links.next.fetch()
    skus = [product.sku for product in first.resources + second.resources]
    assert len(skus) == 4
    assert skus == sorted(skus)


def test_a_cursor_visits_each_record_once(session):
    skus = [product.sku for product in session.iterate("products", Modifier("page[size]=2&page[after]=&sort=sku"))]
    assert len(skus) > 4
    assert len(skus) == len(set(skus))


def test_create_relate_and_update(session, unique):
    group = session.create_and_commit("customergroups", name=unique("jsonapi-client"))
    name = unique("jsonapi-client")
    customer = session.create_and_commit("customers", name=name, group=group)
    assert customer.group.name == group.name

    customer.name = f"{name}, renamed"
    customer.commit()
    session.invalidate()
    again = session.get("customers", customer.id).resource
    assert again.name == f"{name}, renamed"
    assert again.group.name == group.name


def test_create_and_delete_in_an_asynchronous_session(api, headers, session, unique):
    async def create_and_delete():
        kwargs = {"headers": headers}
        async with Session(api, enable_async=True, schema=SCHEMA, request_kwargs=kwargs) as session:
            customer = await session.create_and_commit("customers", name=unique("jsonapi-client"))
            customer.delete()
            await customer.commit()
            return customer.id

    gone = asyncio.run(create_and_delete())
    with pytest.raises(DocumentError) as refused:
        session.get("customers", gone)
    assert refused.value.response.status_code == 404


def test_a_refusal_is_an_exception_with_the_errors(session):
    with pytest.raises(DocumentError) as refused:
        session.create_and_commit("customers", name="")
    error = refused.value.response.json()["errors"][0]
    assert error["source"] == {"pointer": "/data/attributes/name"}
