//! What is too much: requests, rows, bytes, values.

use super::{BODY_TOO_LARGE, Error, RATE_LIMITED, REQUEST_TIMEOUT};

impl Error {
    /// The client has sent more than `rate` requests a second with a burst of `burst`; `seconds`: until the next may come.
    pub fn rate_limited(rate: u64, burst: u64, seconds: u64) -> Error {
        let text = format!(
            "The client may send {rate} requests a second, and {burst} at once after a pause. Wait {seconds} s."
        );
        let mut error = Error::new(&RATE_LIMITED, text);
        error.retry_after = u32::try_from(seconds).ok();
        error
    }

    /// More passwords are waiting to be hashed than the server takes on.
    pub fn too_many_passwords() -> Error {
        let mut error = Error::new(&RATE_LIMITED, "The server is busy with other passwords. Repeat the request.");
        error.retry_after = Some(1);
        error
    }

    /// A list asked for as a whole has more rows than one answer may hold.
    pub fn too_many_rows(limit: u64) -> Error {
        let detail = format!(
            "The list has more than {limit} rows, the most that one answer holds. \
             Read it page by page by cursor: start with \"page[after]=\" and follow \"links.next\"."
        );
        Error::filter(detail).parameter("page[size]")
    }

    /// The same of a list that has no pages.
    pub fn too_many_rows_at_once(limit: u64) -> Error {
        let detail = format!(
            "The list has more than {limit} rows, the most that one answer holds. Ask for fewer by its filters."
        );
        Error::filter(detail)
    }

    /// A body of more than `limit` bytes.
    pub fn body_too_large(limit: usize) -> Error {
        Error::new(&BODY_TOO_LARGE, format!("The body is larger than {limit} bytes, the limit of this server."))
    }

    /// A body that comes too slowly.
    pub fn body_too_slow(seconds: u64) -> Error {
        let text = "The body did not arrive in time: this server waits";
        Error::new(&REQUEST_TIMEOUT, format!("{text} {seconds} seconds, and one more for each 16 KiB."))
    }

    /// A body whose objects and arrays are nested deeper than `limit`.
    pub fn json_too_deep(limit: usize) -> Error {
        Error::request_data(format!("The body is nested deeper than {limit} levels, the limit of this server."))
    }

    pub fn json_too_many(limit: usize) -> Error {
        Error::request_data(format!(
            "The body has more than {limit} members and list items, the limit of this server: send it in parts."
        ))
    }
}
