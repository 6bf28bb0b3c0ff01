//! An answer as it is stored: its body compressed, and encrypted with the server's key, since it may show what the rest
//! of the database only holds encrypted.

use std::io::{Read, Write};

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde_json::Value;

use crate::auth::secret::ServerKey;
use crate::error::Error;
use crate::http::answer::Answer;

/// What the columns of an answer hold.
pub struct Sealed {
    pub status: i16,
    /// `[["location", "https://…"]]`
    pub headers: Value,
    pub body: Vec<u8>,
}

/// `purpose`: what the body can be opened for.
pub fn seal(key: &ServerKey, purpose: &str, answer: &Answer) -> Result<Sealed, Error> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&answer.body).map_err(Error::internal)?;
    let body = key.seal(purpose, &encoder.finish().map_err(Error::internal)?)?;
    let text = |value: &HeaderValue| value.to_str().map(str::to_owned).map_err(Error::internal);
    let headers: Result<Value, Error> =
        answer.headers.iter().map(|(name, value)| Ok(serde_json::json!([name.as_str(), text(value)?]))).collect();
    Ok(Sealed { status: answer.status.as_u16() as i16, headers: headers?, body })
}

/// The answer that was sealed.
pub fn open(key: &ServerKey, purpose: &str, sealed: Sealed) -> Result<Answer, Error> {
    let mut body = Vec::new();
    let compressed = key.open(purpose, key.id(), &sealed.body)?;
    DeflateDecoder::new(compressed.as_slice()).read_to_end(&mut body).map_err(Error::internal)?;
    let status = u16::try_from(sealed.status).map_err(Error::internal)?;
    let mut answer = Answer::new(StatusCode::from_u16(status).map_err(Error::internal)?);
    let headers: Vec<(String, String)> = serde_json::from_value(sealed.headers).map_err(Error::internal)?;
    for (name, value) in headers {
        answer = answer.with(HeaderName::try_from(name).map_err(Error::internal)?, &value);
    }
    Ok(Answer { body, ..answer })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{ETAG, LOCATION};

    use super::*;

    #[test]
    fn an_answer_comes_back_as_it_was_and_its_body_is_not_to_be_read() {
        let key = ServerKey::parse(&"0a".repeat(32)).unwrap();
        let body = b"a body that says secret ".repeat(100);
        let answer = Answer::document(StatusCode::CREATED, "application/vnd.api+json", body.clone())
            .with(LOCATION, "https://shop.example/admin/api/products/A%20B")
            .with(ETAG, "\"1-2\"");
        let sealed = seal(&key, "a", &answer).unwrap();
        assert!(sealed.body.len() < body.len() / 4);
        assert!(!sealed.body.windows(6).any(|window| window == b"secret"));
        let again = || Sealed { body: sealed.body.clone(), headers: sealed.headers.clone(), ..sealed };
        assert_eq!(open(&key, "a", again()).unwrap(), answer);
        assert!(open(&key, "b", again()).is_err());
        let empty = Answer::new(StatusCode::NO_CONTENT);
        assert_eq!(open(&key, "a", seal(&key, "a", &empty).unwrap()).unwrap(), empty);
    }
}
