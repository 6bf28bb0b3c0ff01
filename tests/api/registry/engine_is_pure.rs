//! The engine names no resource, no connector and no web framework: what it knows of a resource it reads from the
//! descriptor.

use std::fs;
use std::path::{Path, PathBuf};

use entrepot::{resources, storefront};

/// The engine's source, without comments and without the tests at the end of a file.
fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            found.push((path, code.join("\n")));
        }
    }
}

#[test]
fn the_engine_names_no_resource_and_no_web_framework() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = vec![(root.join("engine.rs"), fs::read_to_string(root.join("engine.rs")).unwrap())];
    sources(&root.join("engine"), &mut found);
    assert!(found.len() > 30, "the engine's files were found");
    let outside =
        ["http", "resources", "storefront", "commerce", "auth", "app", "config", "demo", "openapi", "startup"];
    let mut forbidden: Vec<String> = outside.iter().map(|module| format!("crate::{module}")).collect();
    forbidden.push("actix".to_owned());
    let types = resources::ALL.iter().chain(storefront::ALL).map(|resource| format!("\"{}\"", resource.name));
    forbidden.extend(types);
    for (path, code) in found {
        for word in &forbidden {
            assert!(!code.contains(word.as_str()), "{} names {word}", path.display());
        }
    }
}
