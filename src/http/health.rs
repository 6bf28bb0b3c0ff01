//! `/health/live`: the process answers. `/health/ready`: the database does too, and the server is not about to stop.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::answer;
use crate::app::App;
use crate::db;
use crate::error::Error;
use crate::http::connection::Stage;

pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "up"}))
}

pub async fn ready(request: HttpRequest, app: web::Data<App>) -> HttpResponse {
    if !matches!(app.connections.stage(), Stage::Serving) {
        return answer::refuse(&request, &Error::stopping().into());
    }
    let db = app.db.clone();
    match db::blocking(move || db.answers()).await {
        Ok(Ok(())) => HttpResponse::Ok().json(json!({"status": "ready"})),
        Ok(Err(error)) | Err(error) => answer::refuse(&request, &error.into()),
    }
}
