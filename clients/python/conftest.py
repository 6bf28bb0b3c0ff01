"""The server under test and a token for it, from the environment that bin/check-clients sets."""

import os
import uuid

import pytest
import requests

MEDIA_TYPE = "application/vnd.api+json"


@pytest.fixture(scope="session")
def server():
    """Where the server is, without a slash at the end."""
    return os.environ["ENTREPOT_URL"]


@pytest.fixture(scope="session")
def api(server):
    """The root of the back office's API."""
    return f"{server}/admin/api"


@pytest.fixture(scope="session")
def token(server):
    """An access token of the demonstration's ERP."""
    credentials = {
        "grant_type": "client_credentials",
        "client_id": "demo-erp",
        "client_secret": os.environ["ENTREPOT_DEMO_SECRET"],
    }
    answer = requests.post(f"{server}/oauth2-token", data=credentials, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


@pytest.fixture(scope="session")
def buyers_token(server):
    """An access token of someone who buys in the demonstration's shop."""
    credentials = {
        "grant_type": "password",
        "client_id": "demo-storefront",
        "client_secret": os.environ["ENTREPOT_DEMO_SECRET"],
        "username": "amanda@atlas.example",
        "password": os.environ["ENTREPOT_BUYER_PASSWORD"],
    }
    answer = requests.post(f"{server}/oauth2-token", data=credentials, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


@pytest.fixture
def unique():
    """Makes names that no other run has used."""
    return lambda what: f"{what} {uuid.uuid4().hex[:8]}"
