//! `POST /oauth2-token/revoke` (RFC 7009) and `POST /oauth2-token/introspect` (RFC 7662): what becomes of a token that
//! was given. The client authenticates as at the token endpoint.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{admit_client, read_counted, refused, secret, settle};
use crate::app::App;
use crate::auth::oauth2::Refusal;
use crate::auth::{Api, grant, introspect as introspection, revoke as revocation};
use crate::error::{Error, Errors};
use crate::http::{answer, metadata};

/// Ends a token of the client, at once in this process. 200 also for one that is not good: there is nothing to end.
pub async fn revoke(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    let (address, asked) = match read_counted(&request, payload, &app).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let (auth, networks, question) = (app.auth.clone(), app.config.networks.clone(), asked.clone());
    let revoked = app.db.transaction(move |conn| {
        let client = match settle(grant::proven(conn, &auth, &question))? {
            Ok(client) => client,
            Err(refusal) => return Ok(Err(refusal)),
        };
        admit_client(&networks, &client, address)?;
        settle(
            question
                .require("token")
                .map_err(Into::into)
                .and_then(|token| revocation::revoke(conn, &auth, &client, token)),
        )
    });
    match revoked.await {
        Ok(Ok(ended)) => {
            app.auth.callers.forget(&ended);
            secret(StatusCode::OK).finish()
        }
        Ok(Err(refusal)) => refused(&request, asked.client_id().unwrap_or_default(), &refusal),
        Err(error) => answer::refuse(&request, &Errors::from(error)),
    }
}

/// Tells a confidential client whether a token of its organization is good, and whose it is.
pub async fn introspect(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    let (address, asked) = match read_counted(&request, payload, &app).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let (auth, networks, question) = (app.auth.clone(), app.config.networks.clone(), asked.clone());
    let issuers = Api::ALL.map(|api| metadata::issuer(&request, &app, api));
    let found = app.db.run(move |conn| -> Result<_, Error> {
        let client = match settle(grant::proven(conn, &auth, &question))? {
            // Whoever finds a token could ask with the identifier of a public client.
            Ok(client) if client.confidential => client,
            Ok(_) => return Ok(Err(Refusal::invalid_client())),
            Err(refusal) => return Ok(Err(refusal)),
        };
        admit_client(&networks, &client, address)?;
        let token = match question.require("token") {
            Ok(token) => token,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let issuer = |api: &str| {
            let place = Api::ALL.iter().position(|known| known.name() == api).unwrap_or_default();
            issuers[place].clone()
        };
        Ok(Ok(introspection::introspect(conn, &auth, &client, token, issuer)?))
    });
    match found.await {
        Ok(Ok(document)) => secret(StatusCode::OK).json(document),
        Ok(Err(refusal)) => refused(&request, asked.client_id().unwrap_or_default(), &refusal),
        Err(error) => answer::refuse(&request, &Errors::from(error)),
    }
}
