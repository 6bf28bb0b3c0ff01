//! API9: what is served and forgotten.

use std::collections::BTreeSet;

use entrepot::resources::system::BELOW_ANOTHER;
use entrepot::{resources, storefront};

use crate::support::organization::Organization;

/// The documents name the resources of their registries: none is served that is not described, none described that is not
/// served. Their methods are compared in document.rs.
#[test]
fn resources_that_no_document_names() {
    let organization = Organization::new();
    for (root, registry) in [("/admin/api", resources::ALL), ("/api", storefront::ALL)] {
        let document = organization.server.client().get(&format!("{root}/openapi.json")).expect(200).json();
        let described: BTreeSet<String> = document["paths"]
            .as_object()
            .unwrap()
            .keys()
            .filter_map(|path| path.strip_prefix(&format!("{root}/")))
            .map(|path| path.split('/').next().unwrap_or_default().to_owned())
            .filter(|name| !["openapi.json", "operations", "changes"].contains(&name.as_str()))
            .collect();
        // What is shown below another resource alone has no route of its own.
        let routed = registry.iter().filter(|resource| resource.singleton || resource.actions != BELOW_ANOTHER);
        let served: BTreeSet<String> = routed.map(|resource| resource.name.to_owned()).collect();
        assert_eq!(described, served, "{root}");
    }
}

/// Places where servers keep what nobody should find.
#[test]
fn places_that_are_guessed() {
    let organization = Organization::new();
    for path in [
        "/",
        "/admin",
        "/admin/",
        "/api",
        "/api/",
        "/api/v1",
        "/api/rest/latest/products",
        "/admin/api/v1/products",
        "/admin/api/rest/latest/products",
        "/admin/api/debug",
        "/admin/api/products.json",
        "/api/internal/products",
        "/openapi.json",
        "/swagger.json",
        "/swagger-ui",
        "/graphql",
        "/actuator/env",
        "/debug/pprof",
        "/.env",
        "/.git/config",
        "/config.toml",
        "/server-status",
        "/admin/api/doc/../../../config.toml",
        "/admin/api/doc/%2e%2e/%2e%2e/Cargo.toml",
    ] {
        for client in [&organization.server.client(), organization.client()] {
            let answer = client.get(path);
            assert!([401, 404].contains(&answer.status), "{path}: {} {}", answer.status, answer.text);
        }
    }
}
