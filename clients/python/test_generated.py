"""The client that openapi-python-client makes of the back office's document."""

import pytest
from entrepot_admin import AuthenticatedClient
from entrepot_admin.api.customers import (
    create_customers,
    delete_customers,
    get_customers,
    list_customers,
    update_customers,
)
from entrepot_admin.models import (
    CustomersCreate,
    CustomersCreateData,
    CustomersCreateDataAttributes,
    CustomersCreateDataType,
    CustomersUpdate,
    CustomersUpdateData,
    CustomersUpdateDataAttributes,
    CustomersUpdateDataType,
    Errors,
)


@pytest.fixture(scope="module")
def client(server, token):
    return AuthenticatedClient(base_url=server, token=token, raise_on_unexpected_status=True)


def customer(name):
    attributes = CustomersCreateDataAttributes(name=name)
    return CustomersCreate(data=CustomersCreateData(type_=CustomersCreateDataType.CUSTOMERS, attributes=attributes))


def test_list_with_sort_page_and_total(client):
    answer = list_customers.sync_detailed(client=client, pagesize=2, sort=["-name"], x_include="totalCount")
    names = [record.attributes.name for record in answer.parsed.data]
    assert len(names) == 2
    assert names[0] > names[1]
    assert answer.parsed.meta.page.total == int(answer.headers["X-Include-Total-Count"])


def test_create_get_update_and_delete(client, unique):
    name = unique("openapi-python-client")
    created = create_customers.sync(client=client, body=customer(name)).data
    assert created.attributes.name == name

    renamed = CustomersUpdateDataAttributes(name=f"{name}, renamed")
    change = CustomersUpdateData(type_=CustomersUpdateDataType.CUSTOMERS, id=created.id, attributes=renamed)
    update_customers.sync(created.id, client=client, body=CustomersUpdate(data=change))
    assert get_customers.sync(created.id, client=client).data.attributes.name == f"{name}, renamed"

    assert delete_customers.sync_detailed(created.id, client=client).status_code == 204
    gone = get_customers.sync(created.id, client=client)
    assert isinstance(gone, Errors)
    assert gone.errors[0].code == "not-found"


def test_a_refusal_has_the_type_of_its_document(client):
    refused = create_customers.sync(client=client, body=customer(""))
    assert isinstance(refused, Errors)
    assert refused.errors[0].source.pointer == "/data/attributes/name"
