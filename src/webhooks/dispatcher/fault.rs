//! Why no answer came, in two ways: for the webhook's owner in words that tell nothing of the network inside, whole for the
//! server's log.
//!
//! A name that leads inside reads as one that leads nowhere, and is treated as one: else an owner could ask the resolver
//! of the inner network, name by name.

use std::error::Error;

use rustls::CertificateError;

use super::claim::Claimed;
use super::outcome::Answer;
use crate::webhooks::destination::NoAddress;

/// What is made of an attempt's error.
pub fn of(error: &reqwest::Error, claimed: &Claimed) -> Answer {
    tracing::info!(
        webhook = %claimed.webhook, message = %claimed.message, error = chain(error), "an attempt of a webhook had no answer"
    );
    if let Some(nowhere) = find::<NoAddress>(error) {
        return Answer::Nowhere(nowhere.to_string());
    }
    let text = match find::<rustls::Error>(error) {
        Some(rustls::Error::InvalidCertificate(reason)) => certificate(reason),
        Some(_) => "No TLS connection could be made.",
        None if error.is_connect() => "No connection could be made.",
        None => "The connection ended before a whole answer in HTTP came.",
    };
    Answer::None(text.to_owned())
}

fn certificate(reason: &CertificateError) -> &'static str {
    match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "The certificate has expired.",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "The certificate is not valid yet."
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "The certificate is not one of the URL's host."
        }
        CertificateError::UnknownIssuer => "The certificate is of an unknown issuer.",
        CertificateError::Revoked => "The certificate is revoked.",
        _ => "The certificate is not good.",
    }
}

/// The cause of that kind, however deep.
fn find<E: Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(found) = carried(cause) {
            return Some(found);
        }
        source = cause.source();
    }
    None
}

/// An I/O error does not name the error it carries as its source.
fn carried<'e, E: Error + 'static>(cause: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let inside = || cause.downcast_ref::<std::io::Error>()?.get_ref();
    cause.downcast_ref().or_else(|| carried(inside()?))
}

/// An error with its causes.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
