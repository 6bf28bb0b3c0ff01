//! Certificates for `localhost`, and the settings of a server that shows one.

use std::fs;
use std::path::Path;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::RootCertStore;

pub fn make() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

/// What a client trusts that knows the certificate.
pub fn roots(made: &CertifiedKey<KeyPair>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    roots
}

/// Puts both files into the folder.
pub fn write(folder: &Path, made: &CertifiedKey<KeyPair>) {
    fs::write(folder.join("tls.crt"), made.cert.pem()).unwrap();
    fs::write(folder.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
}

/// The settings for the files of the folder, on a free port.
pub fn section(folder: &Path) -> String {
    let (certificate, key) = (folder.join("tls.crt"), folder.join("tls.key"));
    format!("[http.tls]\nlisten = \"127.0.0.1:0\"\ncertificate = {certificate:?}\nkey = {key:?}")
}
