//! How deep a JSON text is nested and how many values it has, told from its bytes alone: before any parser follows it.

/// What a text has too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// Levels of objects and lists.
    Depth,
    /// Members and list items.
    Values,
}

/// Counts open brackets and commas outside of strings, up to `deepest` levels and `most` values.
pub fn check(json: &[u8], deepest: usize, most: usize) -> Result<(), Excess> {
    let (mut depth, mut values) = (0_usize, 0);
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
                    return Err(Excess::Depth);
                }
            }
            b',' if !in_string => {
                values += 1;
                if values >= most {
                    return Err(Excess::Values);
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
    use super::*;

    #[test]
    fn nesting_is_counted_outside_of_strings() {
        assert_eq!(check(br#"{"a": ["[[[[\"[[", {}]}"#, 3, 10), Ok(()));
        assert_eq!(check(br#"{"a": ["[[[[\"[[", {}]}"#, 2, 10), Err(Excess::Depth));
        assert_eq!(check(br#"[[],[],[],[]]"#, 2, 10), Ok(()));
    }

    #[test]
    fn values_are_counted_outside_of_strings() {
        assert_eq!(check(br#"{"a": ["1,2,3,4,\",", {}], "b": 1}"#, 3, 3), Ok(()));
        assert_eq!(check(br#"{"a": ["1,2,3,4,\",", {}], "b": 1}"#, 3, 2), Err(Excess::Values));
    }
}
