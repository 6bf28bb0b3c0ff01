"""The client that openapi-python-client makes of the storefront's document, in the hands of someone who buys."""

import pytest
from entrepot_storefront import AuthenticatedClient
from entrepot_storefront.api.customers import get_customers
from entrepot_storefront.api.customerusers import create_customerusers, delete_customerusers, get_customerusers
from entrepot_storefront.api.customeruserroles import list_customeruserroles
from entrepot_storefront.api.orders import list_orders
from entrepot_storefront.api.products import get_products, list_products
from entrepot_storefront.models import CustomerusersCreate, Errors


@pytest.fixture(scope="module")
def client(server, buyers_token):
    return AuthenticatedClient(base_url=server, token=buyers_token, raise_on_unexpected_status=True)


def test_the_catalogue(client):
    answer = list_products.sync_detailed(client=client, pagesize=2, sort=["-sku"], x_include="totalCount")
    first, second = answer.parsed.data
    assert first.attributes.sku > second.attributes.sku
    assert answer.parsed.meta.page.total == int(answer.headers["X-Include-Total-Count"])
    assert get_products.sync(first.id, client=client).data.attributes.name == first.attributes.name


def test_the_buyers_own(client):
    assert get_customers.sync("mine", client=client).data.attributes.name
    orders = list_orders.sync(client=client, pagesize=1, include=["lineItems"])
    assert orders.data[0].attributes.currency
    assert orders.included


def colleague(client, email):
    """The body of a customer user of the buyer's customer."""
    role = list_customeruserroles.sync(client=client, pagesize=1).data[0]
    customer = get_customers.sync("mine", client=client).data
    return CustomerusersCreate.from_dict(
        {
            "data": {
                "type": "customerusers",
                "attributes": {"email": email, "firstName": "New", "lastName": "Buyer"},
                "relationships": {
                    "customer": {"data": {"type": "customers", "id": customer.id}},
                    "userRoles": {"data": [{"type": "customeruserroles", "id": role.id}]},
                },
            }
        }
    )


def test_a_colleague_is_created_and_deleted(client, unique):
    email = f"{unique('buyer').replace(' ', '-')}@atlas.example"
    created = create_customerusers.sync(client=client, body=colleague(client, email)).data
    assert created.attributes.email == email
    assert get_customerusers.sync(created.id, client=client).data.attributes.email == email

    taken = create_customerusers.sync(client=client, body=colleague(client, email))
    assert isinstance(taken, Errors)

    assert delete_customerusers.sync_detailed(created.id, client=client).status_code == 204
    assert isinstance(get_customerusers.sync(created.id, client=client), Errors)
