//! Typed tables for hand-written logic: users, clients, tokens. Resources need none of this; their descriptors name
//! their tables. Only the columns that the logic touches are listed.

use diesel::{allow_tables_to_appear_in_same_query, table};

table! {
    organization (id) {
        id -> BigInt,
        name -> Text,
        enabled -> Bool,
    }
}

table! {
    business_unit (organization_id, id) {
        organization_id -> BigInt,
        id -> BigInt,
        name -> Text,
        owner_id -> Nullable<BigInt>,
    }
}

table! {
    app_user (organization_id, id) {
        organization_id -> BigInt,
        id -> BigInt,
        username -> Text,
        email -> Text,
        password_hash -> Nullable<Text>,
        enabled -> Bool,
        active -> Bool,
        first_name -> Text,
        last_name -> Text,
        login_count -> Integer,
        last_login -> Nullable<Timestamptz>,
        password_changed_at -> Nullable<Timestamptz>,
        login_epoch -> Integer,
        owner_id -> BigInt,
    }
}

table! {
    app_user_role (organization_id, user_id, role_id) {
        organization_id -> BigInt,
        user_id -> BigInt,
        role_id -> BigInt,
    }
}

table! {
    app_user_business_unit (organization_id, user_id, business_unit_id) {
        organization_id -> BigInt,
        user_id -> BigInt,
        business_unit_id -> BigInt,
    }
}

table! {
    user_role (organization_id, id) {
        organization_id -> BigInt,
        id -> BigInt,
        role -> Text,
        label -> Text,
        permissions -> Jsonb,
    }
}

table! {
    customer_user (organization_id, id) {
        organization_id -> BigInt,
        id -> BigInt,
        email -> Text,
        password_hash -> Nullable<Text>,
        enabled -> Bool,
        active -> Bool,
        confirmed -> Bool,
        is_guest -> Bool,
        login_count -> Integer,
        last_login -> Nullable<Timestamptz>,
        password_changed_at -> Nullable<Timestamptz>,
        login_epoch -> Integer,
        customer_id -> BigInt,
    }
}

table! {
    customer_visitor (organization_id, id) {
        organization_id -> BigInt,
        id -> BigInt,
        session_id -> Uuid,
        first_visit -> Timestamptz,
        last_visit -> Timestamptz,
    }
}

table! {
    oauth_client (id) {
        id -> Text,
        organization_id -> BigInt,
        name -> Text,
        secret_hash -> Nullable<Text>,
        grants -> Array<Text>,
        owner_user_id -> Nullable<BigInt>,
        owner_customer_user_id -> Nullable<BigInt>,
        api -> Text,
        confidential -> Bool,
        active -> Bool,
        created_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        networks -> Array<Text>,
        redirect_uris -> Array<Text>,
        plain_pkce -> Bool,
        skip_consent -> Bool,
    }
}

table! {
    oauth_code (hash) {
        hash -> Binary,
        organization_id -> BigInt,
        client_id -> Text,
        user_id -> Nullable<BigInt>,
        customer_user_id -> Nullable<BigInt>,
        redirect_uri -> Text,
        redirect_given -> Bool,
        challenge -> Nullable<Text>,
        challenge_method -> Nullable<Text>,
        family -> Uuid,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

table! {
    // The columns that are unique together; the table needs no other key.
    oauth_consent (organization_id, client_id, user_id, customer_user_id) {
        organization_id -> BigInt,
        client_id -> Text,
        user_id -> Nullable<BigInt>,
        customer_user_id -> Nullable<BigInt>,
        given_at -> Timestamptz,
    }
}

table! {
    oauth_access_token (jti) {
        jti -> Uuid,
        organization_id -> BigInt,
        client_id -> Text,
        user_id -> Nullable<BigInt>,
        customer_user_id -> Nullable<BigInt>,
        visitor_id -> Nullable<BigInt>,
        family -> Nullable<Uuid>,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

table! {
    oauth_refresh_token (hash) {
        hash -> Binary,
        organization_id -> BigInt,
        client_id -> Text,
        user_id -> Nullable<BigInt>,
        customer_user_id -> Nullable<BigInt>,
        visitor_id -> Nullable<BigInt>,
        family -> Uuid,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

table! {
    api_key (organization_id, id) {
        organization_id -> BigInt,
        id -> BigInt,
        user_id -> BigInt,
        sealed -> Binary,
        sealed_key_id -> Text,
        created_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

table! {
    api_key_nonce (organization_id, key_id, nonce) {
        organization_id -> BigInt,
        key_id -> BigInt,
        nonce -> Binary,
        expires_at -> Timestamptz,
    }
}

table! {
    signing_key (kid) {
        kid -> Text,
        public_jwk -> Jsonb,
        private_key -> Binary,
        private_key_id -> Text,
        created_at -> Timestamptz,
        retired_at -> Nullable<Timestamptz>,
    }
}

table! {
    idempotency_key (organization_id, client, principal, key) {
        organization_id -> BigInt,
        client -> Text,
        principal -> Text,
        key -> Text,
        fingerprint -> Binary,
        claimed_at -> Timestamptz,
        status -> Nullable<SmallInt>,
        headers -> Nullable<Jsonb>,
        body -> Nullable<Binary>,
    }
}

table! {
    batch_body (organization_id, id) {
        organization_id -> BigInt,
        id -> BigInt,
        client -> Text,
        size -> BigInt,
        stored_bytes -> BigInt,
        complete -> Bool,
        touched_at -> Timestamptz,
    }
}

table! {
    batch_body_piece (organization_id, body_id, number) {
        organization_id -> BigInt,
        body_id -> BigInt,
        number -> Integer,
        content -> Binary,
    }
}

table! {
    // The counts are only written by `operation::progress`.
    async_operation (organization_id, id) {
        organization_id -> BigInt,
        id -> BigInt,
        owner_id -> BigInt,
        client -> Text,
        api -> Text,
        entity_type -> Text,
        external_ids -> Bool,
        request -> Jsonb,
        stored_bytes -> BigInt,
        status -> Text,
        chunks -> Nullable<Integer>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        ended_at -> Nullable<Timestamptz>,
    }
}

table! {
    async_operation_chunk (organization_id, operation_id, number) {
        organization_id -> BigInt,
        operation_id -> BigInt,
        number -> Integer,
        body -> Nullable<Binary>,
        done_at -> Nullable<Timestamptz>,
        failed -> Nullable<Integer>,
        record_indexes -> Nullable<Array<BigInt>>,
        sent_ids -> Nullable<Array<Nullable<Text>>>,
        external_keys -> Nullable<Array<Nullable<Jsonb>>>,
        record_ids -> Nullable<Array<Nullable<Text>>>,
        outcomes -> Nullable<Array<Text>>,
    }
}

table! {
    async_operation_error (organization_id, operation_id, chunk, number) {
        organization_id -> BigInt,
        operation_id -> BigInt,
        chunk -> Integer,
        number -> Integer,
        record_indexes -> Array<BigInt>,
        status -> Integer,
        title -> Text,
        detail -> Text,
        source -> Nullable<Jsonb>,
    }
}

table! {
    async_operation_included (organization_id, operation_id, record_index) {
        organization_id -> BigInt,
        operation_id -> BigInt,
        record_index -> BigInt,
        record_id -> Nullable<Text>,
    }
}

table! {
    job (id) {
        id -> BigInt,
        organization_id -> Nullable<BigInt>,
        name -> Text,
        status -> Text,
        attempts -> Integer,
        worker_id -> Nullable<BigInt>,
        waiting_key -> Nullable<Text>,
        active_key -> Nullable<Text>,
        kept -> Bool,
        root_id -> Nullable<BigInt>,
        children -> Integer,
        children_left -> Integer,
        children_failed -> Integer,
        last_error -> Nullable<Text>,
        ended_at -> Nullable<Timestamptz>,
    }
}

table! {
    job_worker (id) {
        id -> BigInt,
        leased_until -> Timestamptz,
    }
}

allow_tables_to_appear_in_same_query!(api_key, oauth_client, organization, app_user, customer_user);
allow_tables_to_appear_in_same_query!(customer_visitor, oauth_access_token, oauth_refresh_token);
