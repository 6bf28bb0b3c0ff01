//! Where the frames of HTTP/2 begin and end in a stream of bytes (RFC 9113, 4.1), and what they open.

const HEADER: usize = 9;
const HEADERS: u8 = 1;
const PUSH_PROMISE: u8 = 5;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// The bytes of one direction, as far as they have passed.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    /// Bytes that come before the first frame: the client's preface.
    preface: usize,
    header: [u8; HEADER],
    /// How many bytes of the header have passed.
    known: usize,
    /// Bytes of the payload that are to come.
    payload: usize,
    /// Whether a frame has passed.
    begun: bool,
    /// Within a block of headers, where only its CONTINUATION may come (RFC 9113, 4.3).
    in_block: bool,
    opened: u32,
}

impl Frames {
    /// What a server says.
    pub fn of_server() -> Frames {
        Frames::default()
    }

    /// What a client says.
    pub fn of_client() -> Frames {
        Frames { preface: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len(), ..Frames::default() }
    }

    pub fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = self.step(bytes);
            bytes = &bytes[taken..];
        }
    }

    /// Whether any frame may be said next. Not before the first one, which has to be SETTINGS.
    pub fn is_between(&self) -> bool {
        self.begun && self.known == 0 && !self.in_block
    }

    /// How many of these bytes may pass until [`Frames::is_between`]; all of them when that is later.
    pub fn until_between(&self, bytes: &[u8]) -> usize {
        let (mut ahead, mut passed) = (self.clone(), 0);
        while passed < bytes.len() {
            passed += ahead.step(&bytes[passed..]);
            if ahead.is_between() {
                break;
            }
        }
        passed
    }

    /// The highest stream whose headers have passed whole; 0 when there is none.
    pub fn opened(&self) -> u32 {
        self.opened
    }

    /// Takes bytes of one part of one frame; the answer: how many.
    fn step(&mut self, bytes: &[u8]) -> usize {
        if self.preface > 0 {
            let taken = self.preface.min(bytes.len());
            self.preface -= taken;
            return taken;
        }
        let taken = if self.known < HEADER {
            let taken = (HEADER - self.known).min(bytes.len());
            self.header[self.known..self.known + taken].copy_from_slice(&bytes[..taken]);
            self.known += taken;
            if self.known == HEADER {
                let [high, middle, low, ..] = self.header;
                self.payload = u32::from_be_bytes([0, high, middle, low]) as usize;
            }
            taken
        } else {
            let taken = self.payload.min(bytes.len());
            self.payload -= taken;
            taken
        };
        if self.known == HEADER && self.payload == 0 {
            self.end();
        }
        taken
    }

    fn end(&mut self) {
        let [_, _, _, kind, flags, a, b, c, d] = self.header;
        if matches!(kind, HEADERS | PUSH_PROMISE | CONTINUATION) {
            self.in_block = flags & END_HEADERS == 0;
            if !self.in_block {
                self.opened = self.opened.max(u32::from_be_bytes([a & 0x7f, b, c, d]));
            }
        }
        (self.known, self.begun) = (0, true);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: usize) -> Vec<u8> {
        let mut bytes = (payload as u32).to_be_bytes()[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.resize(bytes.len() + payload, 0xff);
        bytes
    }

    #[test]
    fn a_block_of_headers_is_not_parted_and_opens_its_stream_when_it_is_whole() {
        let mut frames = Frames::of_client();
        frames.pass(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        assert!(!frames.is_between(), "the first frame has to be SETTINGS");
        frames.pass(&frame(4, 0, 0, 12));
        assert!(frames.is_between());
        frames.pass(&frame(HEADERS, 1, 7, 20));
        assert_eq!((frames.is_between(), frames.opened()), (false, 0));
        frames.pass(&frame(CONTINUATION, END_HEADERS, 7, 0));
        assert_eq!((frames.is_between(), frames.opened()), (true, 7));
        // Trailers of a stream before it.
        frames.pass(&frame(HEADERS, END_HEADERS, 5 | 1 << 31, 1));
        assert_eq!(frames.opened(), 7);
    }

    proptest! {
        /// However the bytes are cut, the frames are the same.
        #[test]
        fn frames_are_followed_through_every_cut(
            drawn in proptest::collection::vec((0u8..12, any::<u8>(), 0u32..40, 0usize..40), 1..20),
            cuts in proptest::collection::vec(1usize..30, 1..200),
        ) {
            let (mut bytes, mut between, mut block, mut opened) = (Vec::new(), Vec::new(), false, 0);
            for (kind, flags, stream, payload) in drawn {
                bytes.extend(frame(kind, flags, stream, payload));
                if matches!(kind, HEADERS | PUSH_PROMISE | CONTINUATION) {
                    block = flags & END_HEADERS == 0;
                    opened = if block { opened } else { opened.max(stream) };
                }
                if !block {
                    between.push(bytes.len());
                }
            }
            let (mut frames, mut passed) = (Frames::of_server(), 0);
            for cut in cuts {
                let rest = &bytes[passed..];
                let next = between.iter().find(|end| **end > passed).map_or(bytes.len(), |end| *end);
                prop_assert_eq!(frames.until_between(rest), next - passed);
                let part = &rest[..cut.min(rest.len())];
                frames.pass(part);
                passed += part.len();
                prop_assert_eq!(frames.is_between(), between.contains(&passed));
            }
            frames.pass(&bytes[passed..]);
            prop_assert_eq!(frames.opened(), opened);
        }
    }
}
