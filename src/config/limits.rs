//! What one request may ask for.

use super::source::Source;

/// Limits that a request meets with a 400 naming them, and how many requests a client may send.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Records in one answer, for `page[size]=-1` too.
    pub page_rows: usize,
    /// Filters in one request.
    pub filters: usize,
    /// Values in the list of one filter.
    pub filter_values: usize,
    /// Relationships in one include path.
    pub include_depth: usize,
    /// Include paths in one request.
    pub include_paths: usize,
    /// Records that one filtered DELETE removes.
    pub delete_rows: usize,
    /// Resource objects in `included` of one request.
    pub included_records: usize,
    /// Atomic operations in one request.
    pub operations: usize,
    /// Requests a second of one client, per process; 0: any number.
    pub request_rate: u32,
    /// Requests that a client may send at once after a pause; 0: any number.
    pub request_burst: u32,
}

impl Limits {
    pub(super) fn read(source: &mut Source) -> Limits {
        let mut requests = |key, default| source.integer(key, default, 0..=10_000_000) as u32;
        let (request_rate, request_burst) =
            (requests("limits.request_rate", 1_000), requests("limits.request_burst", 5_000));
        let mut limit = |key, default| source.integer(key, default, 1..=10_000_000) as usize;
        Limits {
            page_rows: limit("limits.page_rows", 100_000),
            filters: limit("limits.filters", 50),
            filter_values: limit("limits.filter_values", 1_000),
            include_depth: limit("limits.include_depth", 8),
            include_paths: limit("limits.include_paths", 50),
            delete_rows: limit("limits.delete_rows", 100),
            included_records: limit("limits.included_records", 1_000),
            operations: limit("limits.operations", 1_000),
            request_rate,
            request_burst,
        }
    }
}
