//! The server's key: encrypts what must be readable again (signing keys), and keys the hashes of what must only be
//! recognised (client secrets, refresh tokens).
//!
//! Input: the 256-bit key of `ENTREPOT_SECRET_KEY`. Every use gets a key of its own by HKDF, and every sealed value is
//! bound to its purpose, so that it cannot be moved to another row. Sealed values and hashes carry the key's id.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{constant_time, digest, hkdf, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::AccessError;

const KEY_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 12;

/// The server's key, ready for use.
pub struct ServerKey {
    id: String,
    aead: RandomizedNonceKey,
    mac: hmac::Key,
}

impl ServerKey {
    /// Reads a key: 32 bytes as 64 hexadecimal digits or as base64. The error says how to make one.
    pub fn parse(text: &str) -> Result<ServerKey, AccessError> {
        let bytes = decode(text.trim()).ok_or_else(|| {
            AccessError::refused(
                "the secret key must be 32 random bytes, written as base64 or as 64 hexadecimal digits; \
                 `openssl rand -base64 32` makes one",
            )
        })?;
        let aead = RandomizedNonceKey::new(&AES_256_GCM, &derive(&bytes, b"entrepot seal")?)
            .map_err(|_| AccessError::broken("the secret key was refused by AES-256-GCM"))?;
        let mac = hmac::Key::new(hmac::HMAC_SHA256, &derive(&bytes, b"entrepot mac")?);
        let id = derive(&bytes, b"entrepot key id")?[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(ServerKey { id, aead, mac })
    }

    /// The text of a fresh key, for `ENTREPOT_SECRET_KEY`.
    pub fn generate() -> Result<String, AccessError> {
        Ok(STANDARD.encode(random::<KEY_LENGTH>()?))
    }

    /// Tells this key from others; reveals nothing of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Encrypts `plain` for one purpose (`signing-key:<kid>`).
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, AccessError> {
        let mut text = plain.to_vec();
        let nonce = self
            .aead
            .seal_in_place_append_tag(Aad::from(purpose), &mut text)
            .map_err(|_| AccessError::broken("encryption failed"))?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// Decrypts what [`ServerKey::seal`] made for the same purpose; `key_id` is the id that was stored beside it.
    pub fn open(&self, purpose: &str, key_id: &str, sealed: &[u8]) -> Result<Vec<u8>, AccessError> {
        if key_id != self.id {
            return Err(AccessError::broken(format!(
                "{purpose} is encrypted under the server key {key_id}, but the configured key is {}; configure the \
                 former key, or make new signing keys with `entrepot keys rotate`",
                self.id
            )));
        }
        let damaged = || AccessError::broken(format!("{purpose} cannot be decrypted: the stored value was altered"));
        let (nonce, text) = sealed.split_at_checked(NONCE_LENGTH).ok_or_else(damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut text = text.to_vec();
        let plain = self.aead.open_in_place(nonce, Aad::from(purpose), &mut text).map_err(|_| damaged())?;
        Ok(plain.to_vec())
    }

    /// As [`ServerKey::seal`], as a text that names the key.
    pub fn seal_text(&self, purpose: &str, clear: &str) -> Result<String, AccessError> {
        Ok(format!("{}:{}", self.id, STANDARD.encode(self.seal(purpose, clear.as_bytes())?)))
    }

    /// Opens what [`ServerKey::seal_text`] made for the same purpose.
    pub fn open_text(&self, purpose: &str, sealed: &str) -> Result<String, AccessError> {
        let damaged = || AccessError::broken(format!("{purpose} is not stored as a sealed text"));
        let (key_id, text) = sealed.split_once(':').ok_or_else(damaged)?;
        let bytes = self.open(purpose, key_id, &STANDARD.decode(text).map_err(|_| damaged())?)?;
        String::from_utf8(bytes).map_err(|_| damaged())
    }

    /// A keyed hash of a high-entropy secret.
    pub fn mac(&self, purpose: &str, secret: &str) -> Vec<u8> {
        let mut mac = self.begin_mac(purpose);
        mac.update(secret.as_bytes());
        mac.finish()
    }

    /// A keyed hash of what comes in parts.
    pub fn begin_mac(&self, purpose: &str) -> Mac {
        let mut mac = Mac(hmac::Context::with_key(&self.mac));
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac
    }

    /// Whether a secret has that keyed hash, in constant time.
    pub fn mac_matches(&self, purpose: &str, secret: &str, mac: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(&self.mac(purpose, secret), mac).is_ok()
    }
}

/// A keyed hash under way.
pub struct Mac(hmac::Context);

impl Mac {
    pub fn update(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    /// 32 bytes.
    pub fn finish(self) -> Vec<u8> {
        self.0.sign().as_ref().to_vec()
    }
}

impl std::fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServerKey({})", self.id)
    }
}

/// Random bytes from the system's generator.
pub fn random<const N: usize>() -> Result<[u8; N], AccessError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| AccessError::broken("the system gives no random bytes"))?;
    Ok(bytes)
}

/// A fresh secret of 256 bits that survives URLs, forms and shells: 43 characters.
pub fn random_text() -> Result<String, AccessError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// SHA-256, for keys of in-memory tables.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

fn derive(key: &[u8], purpose: &[u8]) -> Result<[u8; KEY_LENGTH], AccessError> {
    let mut out = [0; KEY_LENGTH];
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"entrepot")
        .extract(key)
        .expand(&[purpose], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut out))
        .map_err(|_| AccessError::broken("a key could not be derived from the secret key"))?;
    Ok(out)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let hex = || -> Option<Vec<u8>> {
        (0..text.len() / 2).map(|at| u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()).collect()
    };
    let bytes = if text.len() == KEY_LENGTH * 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        hex()?
    } else {
        let bare = text.trim_end_matches('=');
        STANDARD_NO_PAD.decode(bare).or_else(|_| URL_SAFE_NO_PAD.decode(bare)).ok()?
    };
    (bytes.len() == KEY_LENGTH).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_for_its_purpose_and_unaltered() {
        let key = ServerKey::parse(&ServerKey::generate().unwrap()).unwrap();
        let sealed = key.seal("a", b"private").unwrap();
        assert_eq!(key.open("a", key.id(), &sealed).unwrap(), b"private");
        assert!(!sealed.windows(7).any(|window| window == b"private"));
        assert!(key.open("b", key.id(), &sealed).is_err());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(key.open("a", key.id(), &altered).is_err(), "byte {at}");
        }
        assert!(key.open("a", key.id(), &sealed[..5]).is_err());
    }

    #[test]
    fn a_sealed_text_opens_for_its_purpose_alone() {
        let key = ServerKey::parse(&ServerKey::generate().unwrap()).unwrap();
        let sealed = key.seal_text("a", "private").unwrap();
        assert_eq!(key.open_text("a", &sealed).unwrap(), "private");
        assert!(key.open_text("b", &sealed).is_err());
        for wrong in ["", "private", "0a:?"] {
            assert!(key.open_text("a", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn another_key_is_named_in_the_error() {
        let (one, two) = (ServerKey::parse(&"0a".repeat(32)).unwrap(), ServerKey::parse(&"0b".repeat(32)).unwrap());
        let error = two.open("a", one.id(), &one.seal("a", b"x").unwrap()).unwrap_err().to_string();
        assert!(error.contains(one.id()) && error.contains(two.id()), "{error}");
    }

    #[test]
    fn keys_are_read_as_hexadecimal_and_base64() {
        let hex = ServerKey::parse(&"ff".repeat(32)).unwrap();
        let base64 = ServerKey::parse(&format!("{}=\n", "/".repeat(42) + "8")).unwrap();
        let url_safe = ServerKey::parse(&("_".repeat(42) + "8")).unwrap();
        assert_eq!((hex.id(), hex.id()), (base64.id(), url_safe.id()));
        for wrong in ["", "secret", &"ff".repeat(31), &"ff".repeat(33), &"ä".repeat(32)] {
            assert!(ServerKey::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn macs_depend_on_key_purpose_and_secret() {
        let (one, two) = (ServerKey::parse(&"0a".repeat(32)).unwrap(), ServerKey::parse(&"0b".repeat(32)).unwrap());
        let mac = one.mac("client", "s");
        assert!(one.mac_matches("client", "s", &mac));
        assert!(!one.mac_matches("client", "t", &mac));
        assert!(!one.mac_matches("refresh", "s", &mac));
        assert!(!two.mac_matches("client", "s", &mac));
    }
}
