"""What schemathesis does not know by itself: how lines of JSON and rows of a table are sent."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson", "text/csv")
def as_it_is(context, value):
    """A text goes out as it is; what is none, as JSON, which is one line."""
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "surrogatepass")
