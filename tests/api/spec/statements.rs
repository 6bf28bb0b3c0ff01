//! How many statements a request costs: one for the primary records, one per include path, whatever the page.

use crate::support::database;
use crate::support::organization::Organization;
use crate::support::rows::{customers, execute};
use crate::support::server::TestServer;

#[test]
fn the_number_does_not_grow_with_the_page() {
    // A server of its own: nobody else's statements are counted.
    let server = TestServer::lasting(&database::own(), "");
    let organization = Organization::on(server);
    let parent = customers(&organization, &["parent"])[0];
    execute(
        &organization,
        &format!(
            "INSERT INTO customer (organization_id, name, parent_id) SELECT $1, n::text, {parent} FROM generate_series(1, 60) AS n"
        ),
    );
    let client = organization.client();
    let cost = |path: &str| {
        client.get(path).expect(200);
        let before = server.db.statements();
        client.get(path).expect(200);
        server.db.statements() - before
    };
    for size in [1, 5, 50] {
        assert_eq!(cost(&format!("/admin/api/customers?page[size]={size}")), 1, "{size}");
        let includes =
            format!("/admin/api/customers?sort=-id&page[size]={size}&include=parent,parent.children,organization");
        assert_eq!(cost(&includes), 4, "{size}");
    }
    assert_eq!(cost(&format!("/admin/api/customers/{parent}")), 1);
}
