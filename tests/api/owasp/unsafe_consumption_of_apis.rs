//! API10: what other services answer, believed.

use std::fs;
use std::path::{Path, PathBuf};

/// Of other services' answers the server takes those of the receivers of webhooks alone, whose hanging, endless, redirecting
/// and lying answers are tested in `webhooks`. Whoever has it ask another service adds tests of that kind.
#[test]
fn answers_of_other_services() {
    let manifest = include_str!("../../../Cargo.toml");
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    for client in ["hyper", "awc", "ureq", "isahc", "curl", "surf"] {
        let named = dependencies.lines().any(|line| line.split([' ', '.', '=']).next() == Some(client));
        assert!(!named, "{client}");
    }
    assert!(!dependencies.contains("\"client\""), "oauth2 and others bring clients as a feature");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut asking = Vec::new();
    for file in files(&source) {
        if fs::read_to_string(&file).unwrap().contains("reqwest::") {
            asking.push(file.strip_prefix(&source).unwrap().to_owned());
        }
    }
    assert!(!asking.is_empty() && asking.iter().all(|file| file.starts_with("webhooks")), "{asking:?}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
