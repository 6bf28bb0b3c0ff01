//! How much a request may carry: the size of its body, the nesting of its JSON and the number of values in it.

use std::io;

use actix_web::error::PayloadError;
use actix_web::web::{Bytes, Payload};

use crate::config::{Http, Limits};
use crate::error::Error;

/// Reads a body, up to the limits. Call it after the caller is known: nobody else's body is read.
pub async fn body(payload: Payload, limits: &Http) -> Result<Bytes, Error> {
    let bytes = bytes(payload, limits).await?;
    check_shape(&bytes, limits.json_depth, limits.json_values)?;
    Ok(bytes)
}

/// Reads a body that need not be JSON, up to the limit of its size.
pub async fn bytes(payload: Payload, limits: &Http) -> Result<Bytes, Error> {
    match payload.to_bytes_limited(limits.body_limit).await {
        Err(_) => Err(Error::body_too_large(limits.body_limit)),
        Ok(Err(error)) => Err(unread(error, limits)),
        Ok(Ok(bytes)) => Ok(bytes),
    }
}

/// What a body that does not come in to its end is answered with.
pub fn unread(error: actix_web::Error, limits: &Http) -> Error {
    if is_late(&error) {
        return Error::body_too_slow(limits.body_timeout.as_secs());
    }
    Error::request_data(format!("The body could not be read: {error}."))
}

/// Whether a body did not arrive in time.
pub fn is_late(error: &actix_web::Error) -> bool {
    matches!(error.as_error(), Some(PayloadError::Io(error)) if error.kind() == io::ErrorKind::TimedOut)
}

/// Refuses more records in `included` than one request may write.
pub fn included(limits: &Limits, count: usize) -> Result<(), Error> {
    if count <= limits.included_records {
        return Ok(());
    }
    let limit = limits.included_records;
    let text = format!("The section \"included\" has {count} items. At most {limit} are allowed in one request.");
    Err(Error::request_data(text).at("/included"))
}

/// Counts open brackets and commas outside of strings, so that no parser meets a nesting that it would follow too far, nor
/// more members and items than are worked through in a moment.
pub fn check_shape(json: &[u8], deepest: usize, most: usize) -> Result<(), Error> {
    let (mut depth, mut values) = (0, 0);
    let mut in_string = false;
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                bytes.next();
            }
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > deepest {
                    return Err(Error::json_too_deep(deepest));
                }
            }
            b',' if !in_string => {
                values += 1;
                if values >= most {
                    return Err(Error::json_too_many(most));
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_shape;

    #[test]
    fn nesting_is_counted_outside_of_strings() {
        assert!(check_shape(br#"{"a": ["[[[[\"[[", {}]}"#, 3, 10).is_ok());
        assert!(check_shape(br#"{"a": ["[[[[\"[[", {}]}"#, 2, 10).is_err());
        assert!(check_shape(br#"[[],[],[],[]]"#, 2, 10).is_ok());
    }

    #[test]
    fn values_are_counted_outside_of_strings() {
        assert!(check_shape(br#"{"a": ["1,2,3,4,\",", {}], "b": 1}"#, 3, 3).is_ok());
        assert!(check_shape(br#"{"a": ["1,2,3,4,\",", {}], "b": 1}"#, 3, 2).is_err());
    }
}
