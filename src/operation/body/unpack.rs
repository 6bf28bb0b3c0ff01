//! What a body is packed in, undone part by part. Pure.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

use crate::error::{BODY_TOO_LARGE, Error};

/// Bytes that are unpacked before the outcome is looked at: at most a thousand times as many come out.
const STEP: usize = 4 * 1024;

/// From here on the ratio counts: a short body may be as regular as it likes.
const FREE: u64 = 8 << 20;

/// The header `Content-Encoding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Identity,
    Gzip,
}

/// Unpacks a body.
pub struct Unpacker {
    /// None where nothing is packed.
    decoder: Option<Box<MultiGzDecoder<Vec<u8>>>>,
    /// How many times its size a body may be unpacked.
    ratio: u64,
    taken: u64,
    given: u64,
}

impl Unpacker {
    pub fn new(encoding: Encoding, ratio: u64) -> Unpacker {
        let decoder = (encoding == Encoding::Gzip).then(|| Box::new(MultiGzDecoder::new(Vec::new())));
        Unpacker { decoder, ratio, taken: 0, given: 0 }
    }

    /// Unpacks the next part and gives what comes out to `sink`, a few mebibytes at most at once. 413 for what grows
    /// beyond the ratio, 400 for what is no gzip.
    pub fn take(&mut self, part: &[u8], mut sink: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let Unpacker { decoder, ratio, taken, given } = self;
        let Some(decoder) = decoder else { return sink(part) };
        for step in part.chunks(STEP) {
            decoder.write_all(step).map_err(broken)?;
            *taken += step.len() as u64;
            give(decoder, given, &mut sink)?;
            if *given > FREE && *given / *taken > *ratio {
                let text = format!(
                    "The body unpacks to more than {ratio} times its size, the limit of this server: send it unpacked, \
                     or in parts."
                );
                return Err(Error::new(&BODY_TOO_LARGE, text));
            }
        }
        Ok(())
    }

    /// The end of the body: what is still to come out. 400 when it was cut off.
    pub fn finish(&mut self, mut sink: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        decoder.try_finish().map_err(broken)?;
        give(decoder, &mut self.given, &mut sink)
    }
}

/// Unpacks a body that is whole, up to `limit` bytes; errors as [`Unpacker::take`], and 413 beyond the limit.
pub fn unpacked(body: &[u8], encoding: Encoding, limit: u64, ratio: u64) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let mut unpacker = Unpacker::new(encoding, ratio);
    let mut sink = |bytes: &[u8]| {
        out.extend_from_slice(bytes);
        if out.len() as u64 > limit { Err(too_large(limit)) } else { Ok(()) }
    };
    unpacker.take(body, &mut sink)?;
    unpacker.finish(&mut sink)?;
    Ok(out)
}

/// A body of more than `limit` bytes.
pub fn too_large(limit: u64) -> Error {
    Error::body_too_large(usize::try_from(limit).unwrap_or(usize::MAX))
}

fn give(
    decoder: &mut MultiGzDecoder<Vec<u8>>,
    given: &mut u64,
    sink: &mut impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let out = decoder.get_mut();
    *given += out.len() as u64;
    sink(out)?;
    out.clear();
    // One step of many zeros must not be kept for the whole of a body.
    out.shrink_to(64 * 1024);
    Ok(())
}

fn broken(error: io::Error) -> Error {
    Error::request_data(format!("The body is not encoded as its header \"Content-Encoding\" says: {error}."))
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(body: &[u8], part: usize) -> Result<Vec<u8>, Error> {
        let (mut unpacker, mut out) = (Unpacker::new(Encoding::Gzip, 200), Vec::new());
        for part in body.chunks(part) {
            unpacker.take(part, |bytes| {
                out.extend_from_slice(bytes);
                Ok(())
            })?;
        }
        unpacker.finish(|bytes| {
            out.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(out)
    }

    #[test]
    fn it_comes_out_as_it_went_in_whatever_the_parts() {
        let text = "a line of a file\n".repeat(20_000).into_bytes();
        let body = packed(&text);
        for part in [1, 7, 1000, body.len()] {
            assert_eq!(unpacked(&body, part).unwrap(), text);
        }
        let twice = [packed(b"one "), packed(b"two")].concat();
        assert_eq!(unpacked(&twice, 10).unwrap(), b"one two");
    }

    #[test]
    fn bombs_and_broken_bodies_are_refused() {
        let bomb = packed(&vec![b' '; 64 << 20]);
        assert!(bomb.len() < 100_000);
        assert_eq!(unpacked(&bomb, 1000).unwrap_err().code, &BODY_TOO_LARGE);
        let body = packed(b"{\"data\":[]}");
        for end in [0, 5, body.len() / 2, body.len() - 1] {
            assert_eq!(unpacked(&body[..end], 10).unwrap_err().status(), 400, "cut off at {end}");
        }
        assert_eq!(unpacked(b"{\"data\":[]}", 10).unwrap_err().status(), 400);
        let mut wrong = body.clone();
        *wrong.last_mut().unwrap() ^= 1;
        assert_eq!(unpacked(&wrong, 10).unwrap_err().status(), 400);
    }
}
