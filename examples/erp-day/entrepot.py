"""A small client for Entrepot's back-office API: a token, five verbs, and errors that say what was wrong."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request

MEDIA_TYPE = "application/vnd.api+json"


class ApiError(Exception):
    """An answer with errors, in one line."""

    def __init__(self, status, errors):
        self.status = status
        self.errors = errors
        super().__init__(f"{status}: " + "; ".join(self.describe(error) for error in errors))

    @staticmethod
    def describe(error):
        source = error.get("source", {})
        place = source.get("pointer") or source.get("parameter")
        text = error.get("detail") or error.get("title") or "no detail"
        return f"{text} ({place})" if place else text


class Answer:
    def __init__(self, status, headers, body):
        document = json.loads(body) if body else {}
        self.status = status
        self.data = document.get("data")
        self.included = document.get("included", [])
        self.links = document.get("links", {})
        self.meta = document.get("meta", {})
        self.total = int(headers.get("X-Include-Total-Count") or 0)


class Client:
    def __init__(self, url, client_id, client_secret):
        self.api = url.rstrip("/") + "/admin/api"
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        request = urllib.request.Request(url.rstrip("/") + "/oauth2-token", urllib.parse.urlencode(form).encode())
        with self.open(request) as response:
            self.token = json.load(response)["access_token"]

    def get(self, path, query=None, total=False):
        headers = {"X-Include": "totalCount"} if total else {}
        question = "?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote) if query else ""
        return self.send("GET", f"{self.api}/{path}{question}", headers=headers)

    def feed_end(self):
        """The cursor of the change feed's end at the moment."""
        last = self.get("changes", {"page[size]": 0}).links["last"]
        return urllib.parse.parse_qs(urllib.parse.urlsplit(last).query)["page[after]"][0]

    def follow(self, link):
        """The page behind a link of an answer."""
        return self.send("GET", link)

    def post(self, path, data, included=()):
        document = {"data": data}
        if included:
            document["included"] = list(included)
        return self.send("POST", f"{self.api}/{path}", document)

    def patch(self, path, data):
        return self.send("PATCH", f"{self.api}/{path}", {"data": data})

    def create(self, kind, attributes, relationships=None):
        data = {"type": kind, "attributes": attributes}
        if relationships:
            data["relationships"] = relationships
        return self.post(kind, data)

    def upsert(self, kind, by, attributes, relationships=None):
        """Creates the record, or updates the one with the same values of the fields `by`. Its id."""
        data = {"type": kind, "meta": {"upsert": by}, "attributes": attributes}
        if relationships:
            data["relationships"] = relationships
        return self.post(kind, data).data["id"]

    def batch(self, kind, records, patience=60):
        """Sends many records at once, and waits until they are worked off: the operation with its summary."""
        answer = self.send("PATCH", f"{self.api}/{kind}", {"data": records})
        end = time.monotonic() + patience
        while answer.data["attributes"]["summary"] is None:
            if time.monotonic() > end:
                raise TimeoutError(f"operation {answer.data['id']} is not done after {patience} s")
            time.sleep(0.1)
            answer = self.get(f"asyncoperations/{answer.data['id']}")
        return answer.data

    def send(self, method, url, document=None, headers=None):
        headers = dict(headers or {}, Accept=MEDIA_TYPE, Authorization=f"Bearer {self.token}")
        body = None
        if document is not None:
            headers["Content-Type"] = MEDIA_TYPE
            body = json.dumps(document).encode()
        request = urllib.request.Request(url, body, headers, method=method)
        with self.open(request) as response:
            return Answer(response.status, response.headers, response.read())

    @staticmethod
    def open(request):
        try:
            return urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            body = error.read()
            try:
                errors = json.loads(body)["errors"]
            except (ValueError, KeyError, TypeError):
                errors = [{"detail": body.decode(errors="replace") or error.reason}]
            raise ApiError(error.code, errors) from None
