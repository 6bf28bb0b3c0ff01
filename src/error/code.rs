//! The table of errors: each kind's stable name, HTTP status and title.

/// A kind of error: its stable name, its HTTP status and the contract's title.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    pub name: &'static str,
    pub status: u16,
    pub title: &'static str,
}

macro_rules! codes {
    ($($constant:ident = $name:literal, $status:literal, $title:literal;)*) => {
        $(pub static $constant: Code = Code { name: $name, status: $status, title: $title };)*
        /// Every code, for the API document.
        pub static CODES: &[&Code] = &[$(&$constant),*];
    };
}

codes! {
    MALFORMED_JSON = "malformed-json", 400, "bad request http exception";
    BAD_REQUEST = "bad-request", 400, "bad request http exception";
    REQUEST_DATA = "request-data", 400, "request data constraint";
    ASYNC_OPERATION = "async-operation", 400, "async operation exception";
    FILTER = "filter", 400, "filter constraint";
    SORT = "sort", 400, "sort constraint";
    INVALID_ID = "invalid-id", 400, "entity identifier constraint";
    VALUE = "value", 400, "value constraint";
    FORM = "invalid-value", 400, "form constraint";
    NO_RELATED = "no-such-related-entity", 400, "form constraint";
    EXTRA_FIELDS = "unknown-member", 400, "extra fields constraint";
    NOT_BLANK = "blank", 400, "not blank constraint";
    NOT_NULL = "null", 400, "not null constraint";
    LENGTH = "too-long", 400, "length constraint";
    RANGE = "out-of-range", 400, "range constraint";
    GREATER_THAN_ZERO = "not-positive", 400, "greater than zero constraint";
    CHOICE = "choice", 400, "choice constraint";
    EMAIL = "email", 400, "email constraint";
    URL = "url", 400, "url constraint";
    WEBHOOK_TOPIC = "webhook-topic", 400, "valid webhook topic constraint";
    WEBHOOK_FORMAT = "webhook-format", 400, "valid webhook format constraint";
    UNIQUE = "not-unique", 400, "unique entity constraint";
    UNIQUE_ITEM = "not-unique-in-list", 400, "unique collection item constraint";
    COUNT = "count", 400, "count constraint";
    UNCHANGEABLE = "unchangeable", 400, "unchangeable field constraint";
    ENTITY = "no-such-entity", 400, "entity constraint";
    ENTITY_TYPE = "wrong-type", 400, "entity type constraint";
    ORGANIZATION = "wrong-organization", 400, "organization constraint";
    NAME_OR_ORGANIZATION = "name-or-organization", 400, "name or organization constraint";
    ORDER_ADDRESS = "order-address", 400, "order address constraint";
    CUSTOMER_OWNER = "customer-owner", 400, "customer owner constraint";
    EXPRESSION = "expression", 400, "expression constraint";
    SCHEDULE_OVERLAP = "schedule-overlap", 400, "schedule intervals intersection constraint";
    DATE_INTERVAL = "date-interval", 400, "date time interval constraint";
    CURRENCY_MATCH = "currency-mismatch", 400, "currency match constraint";
    PRICE_CURRENCY = "price-currency", 400, "product price currency constraint";
    PRICE_UNIT = "price-unit", 400, "product price allowed units constraint";
    LINE_ITEM = "line-item", 400, "line item constraint";
    PRODUCT_UNIT = "product-unit", 400, "product unit exists constraint";
    UNIT_PRECISION = "unit-precision", 400, "quantity unit precision constraint";
    PRIMARY_UNIT = "primary-unit", 400, "primary product unit precision constraint";
    ALPHANUMERIC = "alphanumeric", 400, "alphanumeric dash underscore constraint";
    TAX_RATE = "tax-rate", 400, "tax rate constraint";
    ZIP_CODE = "zip-code", 400, "zip code fields constraint";
    VARIANT_LINKS = "variant-links", 400, "product variant links constraint";
    UNIQUE_VARIANT = "variant-not-unique", 400, "unique product variant links constraint";
    KIT_ITEM_REQUIRED = "kit-item-required", 400, "product kit line item contains required kit items constraint";
    KIT_ITEM_UNIT = "kit-item-unit", 400, "product kit item line item product unit available constraint";
    INVALID_HEADER = "invalid-header", 400, "invalid header value exception";
    UNAUTHENTICATED = "unauthenticated", 401, "authentication exception";
    ACCESS_DENIED = "access-denied", 403, "access denied exception";
    OPERATION_NOT_ALLOWED = "operation-not-allowed", 403, "action not allowed exception";
    ACCESS_GRANTED = "related-access-denied", 403, "access granted constraint";
    OWNER = "owner-access-denied", 403, "owner constraint";
    NOT_FOUND = "not-found", 404, "not found http exception";
    UNKNOWN_TYPE = "unknown-type", 404, "entity type constraint";
    NOT_ACCESSIBLE = "not-accessible", 404, "resource not accessible exception";
    UNKNOWN_RELATIONSHIP = "unknown-relationship", 404, "relationship constraint";
    RELATED_NOT_FOUND = "related-not-found", 404, "not found http exception";
    ACTION_NOT_ALLOWED = "action-not-allowed", 405, "action not allowed exception";
    NOT_ACCEPTABLE = "not-acceptable", 406, "not acceptable http exception";
    REQUEST_TIMEOUT = "request-timeout", 408, "request timeout http exception";
    CONFLICT = "conflict", 409, "conflict constraint";
    IDEMPOTENCY_KEY_IN_USE = "idempotency-key-in-use", 409, "conflict http exception";
    CURSOR_GONE = "cursor-gone", 410, "gone http exception";
    PRECONDITION_FAILED = "precondition-failed", 412, "precondition failed http exception";
    BODY_TOO_LARGE = "body-too-large", 413, "payload too large http exception";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", 415, "unsupported media type http exception";
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused", 422, "unprocessable entity http exception";
    RATE_LIMITED = "rate-limited", 429, "too many requests http exception";
    QUOTA_EXCEEDED = "quota-exceeded", 429, "too many requests http exception";
    INTERNAL = "internal", 500, "runtime exception";
    SEALED_VALUE_ALTERED = "sealed-value-altered", 500, "async operation exception";
    SEALED_UNDER_ANOTHER_KEY = "sealed-under-another-key", 503, "async operation exception";
    STATEMENT_TIMEOUT = "statement-timeout", 503, "service unavailable http exception";
    DATABASE_AWAY = "database-away", 503, "service unavailable http exception";
    CONTENTION = "database-busy", 503, "service unavailable http exception";
    OUTCOME_UNKNOWN = "outcome-unknown", 503, "service unavailable http exception";
    STORAGE_FULL = "storage-full", 503, "service unavailable http exception";
    SYNC_GIVEN_UP = "sync-given-up", 503, "operation exception";
    STOPPING = "stopping", 503, "service unavailable http exception";
}
