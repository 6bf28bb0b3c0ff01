//! The certificate that HTTPS shows: read from PEM files, and read again when these change.
//!
//! Input: the paths of the settings. Output: a [`ServerConfig`] for TLS 1.2 and 1.3 that always has the newest pair of
//! certificate and key that fit together. A pair that does not fit, or is half written, is logged and not used.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{Error, InconsistentKeys, ServerConfig};

use crate::config::Tls;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// The certificate in use, and where it comes from.
#[derive(Debug)]
pub struct Certificate {
    files: Tls,
    current: RwLock<Arc<CertifiedKey>>,
    /// What the files looked like when they were last read.
    seen: Mutex<[Option<Stamp>; 2]>,
}

/// What differs between a file and its replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Certificate {
    /// Reads the files; an error names the file and says what is wrong with it.
    pub fn open(files: &Tls) -> Result<Arc<Certificate>, String> {
        let seen = stamps(files);
        let current = RwLock::new(Arc::new(read(files)?));
        Ok(Arc::new(Certificate { files: files.clone(), current, seen: Mutex::new(seen) }))
    }

    /// The server's side of TLS with this certificate. The protocols of ALPN are not in it.
    pub fn server_config(self: &Arc<Certificate>) -> Result<ServerConfig, Error> {
        let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13, &TLS12])?;
        Ok(builder.with_no_client_auth().with_cert_resolver(self.clone()))
    }

    /// Looks at the files for ever.
    pub async fn follow(self: Arc<Certificate>) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            let own = self.clone();
            // A file system may take its time.
            if let Err(error) = actix_web::rt::task::spawn_blocking(move || own.refresh()).await {
                tracing::error!(%error, "the certificate was not looked at");
            }
        }
    }

    /// Takes the files up if they have changed and fit together.
    fn refresh(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamps(&self.files);
        if *seen == now {
            return;
        }
        *seen = now;
        match read(&self.files) {
            Ok(certified) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
                tracing::info!(file = %self.files.certificate.display(), "the certificate was read again");
            }
            Err(error) => {
                tracing::error!(%error, "the certificate has changed and cannot be used: the old one is kept")
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn read(files: &Tls) -> Result<CertifiedKey, String> {
    let certificate = format!("http.tls.certificate {}", files.certificate.display());
    let key = format!("http.tls.key {}", files.key.display());
    let bytes = content(&certificate, &files.certificate)?;
    let chain: Vec<CertificateDer> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{certificate} is not valid PEM: {error}."))?;
    if chain.is_empty() {
        return Err(format!("{certificate} has no certificate: PEM with -----BEGIN CERTIFICATE----- is needed."));
    }
    let private = PrivateKeyDer::from_pem_slice(&content(&key, &files.key)?).map_err(|error| match error {
        pem::Error::NoItemsFound => {
            format!("{key} has no private key: PEM is needed, not encrypted, in PKCS#8, PKCS#1 or SEC1.")
        }
        error => format!("{key} is not valid PEM: {error}."),
    })?;
    let private =
        provider().key_provider.load_private_key(private).map_err(|error| format!("{key} cannot be used: {error}."))?;
    let certified = CertifiedKey::new(chain, private);
    match certified.keys_match() {
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            Err(format!("{certificate} and {key} do not belong together: the key is not the certificate's."))
        }
        // A key that cannot tell its public half is used as it is.
        Ok(()) | Err(Error::InconsistentKeys(_)) => Ok(certified),
        Err(error) => Err(format!("{certificate} cannot be used: {error}.")),
    }
}

fn content(name: &str, path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{name} cannot be read: {error}."))
}

fn stamps(files: &Tls) -> [Option<Stamp>; 2] {
    [&files.certificate, &files.key].map(|path| fs::metadata(path).ok().map(Stamp::of))
}

impl Stamp {
    fn of(metadata: Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rcgen::{CertifiedKey as Made, KeyPair, generate_simple_self_signed};
    use tempfile::TempDir;

    use super::*;

    /// A folder with a pair in it.
    struct Pair {
        folder: TempDir,
        files: Tls,
        made: Made<KeyPair>,
    }

    fn pair() -> Pair {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| -> PathBuf { folder.path().join(name) };
        let files = Tls { listen: ([127, 0, 0, 1], 0).into(), certificate: path("tls.crt"), key: path("tls.key") };
        let pair = Pair { files, made: make(), folder };
        fs::write(&pair.files.certificate, pair.made.cert.pem()).unwrap();
        fs::write(&pair.files.key, pair.made.signing_key.serialize_pem()).unwrap();
        pair
    }

    fn make() -> Made<KeyPair> {
        generate_simple_self_signed(["localhost".to_owned()]).unwrap()
    }

    impl Pair {
        fn refusal(&self) -> String {
            let text = read(&self.files).map(|_| "it was taken").unwrap_err();
            text.replace(&format!("{}/", self.folder.path().display()), "")
        }
    }

    /// The certificate that would be shown.
    fn shown(certificate: &Certificate) -> CertificateDer<'static> {
        certificate.current.read().unwrap().cert[0].clone()
    }

    #[test]
    fn a_pair_is_taken_up_as_soon_as_it_is_whole_and_fits() {
        let pair = pair();
        let certificate = Certificate::open(&pair.files).unwrap();
        let (old, new) = (pair.made.cert.der(), make());
        let (chain, key) = (new.cert.pem(), new.signing_key.serialize_pem());
        let before_end = chain.len() - 30;
        for (file, text) in [
            (&pair.files.certificate, &chain[..0]),
            (&pair.files.certificate, &chain[..before_end]),
            (&pair.files.certificate, &chain),
            (&pair.files.key, &key[..key.len() / 2]),
        ] {
            fs::write(file, text).unwrap();
            certificate.refresh();
            assert_eq!(shown(&certificate), *old);
        }
        fs::remove_file(&pair.files.key).unwrap();
        certificate.refresh();
        assert_eq!(shown(&certificate), *old);
        fs::write(&pair.files.key, &key).unwrap();
        certificate.refresh();
        assert_eq!(shown(&certificate), *new.cert.der());
    }

    #[test]
    fn a_refusal_names_the_file_and_what_is_wrong() {
        let pair = pair();
        fs::write(&pair.files.key, make().signing_key.serialize_pem()).unwrap();
        assert_eq!(
            pair.refusal(),
            "http.tls.certificate tls.crt and http.tls.key tls.key do not belong together: the key is not the certificate's."
        );
        fs::write(&pair.files.key, pair.made.cert.pem()).unwrap();
        assert_eq!(
            pair.refusal(),
            "http.tls.key tls.key has no private key: PEM is needed, not encrypted, in PKCS#8, PKCS#1 or SEC1."
        );
        fs::write(&pair.files.certificate, pair.made.signing_key.serialize_pem()).unwrap();
        assert_eq!(
            pair.refusal(),
            "http.tls.certificate tls.crt has no certificate: PEM with -----BEGIN CERTIFICATE----- is needed."
        );
        fs::write(&pair.files.certificate, "-----BEGIN CERTIFICATE-----\nMIIB\n").unwrap();
        assert!(pair.refusal().starts_with("http.tls.certificate tls.crt is not valid PEM: "), "{}", pair.refusal());
        fs::write(&pair.files.certificate, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n").unwrap();
        fs::write(&pair.files.key, pair.made.signing_key.serialize_pem()).unwrap();
        assert!(pair.refusal().starts_with("http.tls.certificate tls.crt cannot be used: "), "{}", pair.refusal());
        fs::remove_file(&pair.files.certificate).unwrap();
        assert!(pair.refusal().starts_with("http.tls.certificate tls.crt cannot be read: "), "{}", pair.refusal());
    }
}
