//! In what language and currency a request to the storefront is answered: `X-Localization-ID` and `X-Currency`.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;

use crate::acl::{Caller, Locale};
use crate::app::App;
use crate::commerce::locale;
use crate::error::{Error, INVALID_HEADER};

static LOCALIZATION: HeaderName = HeaderName::from_static("x-localization-id");
static CURRENCY: HeaderName = HeaderName::from_static("x-currency");

/// The caller, with the language and currency that the request asks for. 400 for a localization that does not exist and for
/// a currency without prices.
pub async fn apply(request: &HttpRequest, app: &App, caller: &Caller) -> Result<Arc<Caller>, Error> {
    let asked = Asked { localization: localization(request)?, currency: text(request, &CURRENCY) };
    let mut caller = caller.clone();
    caller.locale = Locale { localization: asked.localization, currency: app.config.storefront.currency.clone() };
    if asked.localization.is_some() || asked.currency.is_some() {
        let organization = caller.organization;
        let currency = app.db.run(move |conn| asked.check(conn, organization)).await?;
        caller.locale.currency = currency.unwrap_or(caller.locale.currency);
    }
    Ok(Arc::new(caller))
}

struct Asked {
    localization: Option<i64>,
    currency: Option<String>,
}

impl Asked {
    fn check(&self, conn: &mut diesel::pg::PgConnection, organization: i64) -> Result<Option<String>, Error> {
        if let Some(id) = self.localization
            && !locale::has_localization(conn, id)?
        {
            return Err(unknown_localization(&id.to_string()));
        }
        if let Some(currency) = &self.currency {
            let known = locale::currencies(conn, organization)?;
            if !known.contains(currency) {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                let text = format!("There are no prices in the currency \"{currency}\". The currencies are: {known}.");
                return Err(Error::new(&INVALID_HEADER, text).header("X-Currency"));
            }
        }
        Ok(self.currency.clone())
    }
}

fn localization(request: &HttpRequest) -> Result<Option<i64>, Error> {
    let Some(given) = text(request, &LOCALIZATION) else { return Ok(None) };
    given.parse().map(Some).map_err(|_| unknown_localization(&given))
}

fn unknown_localization(given: &str) -> Error {
    let text =
        format!("The localization \"{given}\" does not exist. The resource \"localizations\" lists those that do.");
    Error::new(&INVALID_HEADER, text).header("X-Localization-ID")
}

fn text(request: &HttpRequest, name: &HeaderName) -> Option<String> {
    let value = request.headers().get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}
