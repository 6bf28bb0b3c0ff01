//! Arrays, such as the ids of a relationship.

/// The elements of a one-dimensional array in binary form. Nulls are left out.
pub fn array(bytes: &[u8]) -> Elements<'_> {
    // Dimensions, flags, element type; then size and lower bound of the one dimension. An empty array has none.
    let has_elements = bytes.get(..4).is_some_and(|dimensions| dimensions == 1_i32.to_be_bytes());
    Elements(if has_elements { bytes.get(20..).unwrap_or_default() } else { &[] })
}

/// See [`array()`].
pub struct Elements<'b>(&'b [u8]);

impl<'b> Iterator for Elements<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        loop {
            let (length, rest) = self.0.split_at_checked(4)?;
            let length = i32::from_be_bytes(length.try_into().ok()?);
            let Ok(length) = usize::try_from(length) else {
                self.0 = rest;
                continue;
            };
            let (element, rest) = rest.split_at_checked(length)?;
            self.0 = rest;
            return Some(element);
        }
    }
}
