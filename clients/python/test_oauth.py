"""The authorization code flow with PKCE, from the metadata to the revocation, driven by Authlib. A session of `requests`
plays the browser."""

import html.parser
import os
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

# The server under test speaks plain HTTP on this machine.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

REDIRECT_URI = "http://127.0.0.1:51004/callback"


class Form(html.parser.HTMLParser):
    """The hidden fields of a page's form, and its buttons."""

    def __init__(self, page):
        super().__init__()
        self.fields, self.buttons, self.action = {}, [], None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.action = attrs["action"]
        if tag == "input" and attrs.get("type") == "hidden":
            self.fields[attrs["name"]] = attrs["value"]
        if tag == "button":
            self.buttons.append(attrs["value"])


@pytest.fixture
def metadata(server):
    """What the server says about its back office's authorization server, found by way of the API."""
    resource = requests.get(f"{server}/.well-known/oauth-protected-resource/admin/api", timeout=30).json()
    issuer = urlsplit(resource["authorization_servers"][0])
    address = f"{issuer.scheme}://{issuer.netloc}/.well-known/oauth-authorization-server{issuer.path}"
    found = requests.get(address, timeout=30).json()
    assert found["issuer"] == issuer.geturl()
    return found


def client(metadata):
    """The demonstration's public client."""
    return OAuth2Session(
        "demo-app",
        token_endpoint_auth_method="none",
        redirect_uri=REDIRECT_URI,
        code_challenge_method="S256",
        token_endpoint=metadata["token_endpoint"],
    )


def press(browser, server, page, button, **fields):
    """Sends the page's form by one of its buttons; the answer is not followed."""
    form = Form(page.text)
    assert button in form.buttons, page.text
    return browser.post(
        f"{server}{form.action}", data={**form.fields, **fields, "action": button}, allow_redirects=False, timeout=30
    )


def log_in(browser, server, url):
    """Logs the administrator in; the consent page."""
    password = os.environ["ENTREPOT_ADMIN_PASSWORD"]
    answer = press(browser, server, browser.get(url, timeout=30), "login", username="admin", password=password)
    assert answer.status_code == 303, answer.text
    return browser.get(url, timeout=30)


def test_the_whole_flow(server, api, metadata):
    app, verifier = client(metadata), generate_token(48)
    url, state = app.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    browser = requests.Session()
    back = press(browser, server, log_in(browser, server, url), "allow")
    assert back.status_code == 303
    location = back.headers["Location"]
    assert location.startswith(REDIRECT_URI + "?")
    told = parse_qs(urlsplit(location).query)
    assert (told["state"], told["iss"]) == ([state], [metadata["issuer"]])

    pair = app.fetch_token(
        metadata["token_endpoint"], authorization_response=location, code_verifier=verifier, state=state
    )
    assert pair["token_type"] == "Bearer"
    products = app.get(f"{api}/products", params={"page[size]": 1})
    assert products.status_code == 200 and len(products.json()["data"]) == 1

    erp = ("demo-erp", os.environ["ENTREPOT_DEMO_SECRET"])
    asked = {"token": pair["access_token"]}
    found = requests.post(metadata["introspection_endpoint"], data=asked, auth=erp, timeout=30).json()
    assert (found["active"], found["username"], found["client_id"]) == (True, "admin", "demo-app")

    old = pair["refresh_token"]
    app.refresh_token(metadata["token_endpoint"], refresh_token=old)
    assert app.token["refresh_token"] != old
    last = app.token["access_token"]
    ended = app.revoke_token(metadata["revocation_endpoint"], token=app.token["refresh_token"])
    assert ended.status_code == 200
    refused = requests.get(f"{api}/products", headers={"Authorization": f"Bearer {last}"}, timeout=30)
    assert refused.status_code == 401

    # The code was used.
    with pytest.raises(OAuthError) as replay:
        client(metadata).fetch_token(
            metadata["token_endpoint"], authorization_response=location, code_verifier=verifier, state=state
        )
    assert replay.value.error == "invalid_grant"


def test_a_user_denies(server, metadata):
    app = client(metadata)
    url, state = app.create_authorization_url(metadata["authorization_endpoint"], code_verifier=generate_token(48))
    browser = requests.Session()
    back = press(browser, server, log_in(browser, server, url), "deny")
    told = parse_qs(urlsplit(back.headers["Location"]).query)
    assert (told["error"], told["state"]) == (["access_denied"], [state])
    assert "code" not in told and told["error_description"] == told["message"]


def test_another_verifier_proves_nothing(server, metadata):
    app = client(metadata)
    url, state = app.create_authorization_url(metadata["authorization_endpoint"], code_verifier=generate_token(48))
    browser = requests.Session()
    location = press(browser, server, log_in(browser, server, url), "allow").headers["Location"]
    with pytest.raises(OAuthError) as refused:
        app.fetch_token(
            metadata["token_endpoint"], authorization_response=location, code_verifier=generate_token(48), state=state
        )
    assert refused.value.error == "invalid_grant"


def test_a_foreign_redirect_uri_leads_nowhere(metadata):
    app = client(metadata)
    app.redirect_uri = "https://elsewhere.example/callback"
    url, _ = app.create_authorization_url(metadata["authorization_endpoint"], code_verifier=generate_token(48))
    page = requests.get(url, allow_redirects=False, timeout=30)
    assert page.status_code == 401 and "Location" not in page.headers
