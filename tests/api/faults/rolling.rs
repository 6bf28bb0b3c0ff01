use super::balancer::Balancer;
use crate::support::certificate::{make, roots, write};
use crate::support::client::{Client, trusting};
use crate::support::database;
use crate::support::load;
use crate::support::organization::Organization;
use crate::support::served::Served;
use crate::support::server::TestServer;

const DELAY: [(&str, &str); 1] = [("ENTREPOT_HTTP_DRAIN_DELAY", "1")];

/// Restarts two servers in turn, twice, behind the balancer, while its clients work.
fn restart_in_turn(
    organization: &Organization,
    balancer: &Balancer,
    start: impl Fn() -> Served,
    client: impl Fn() -> Client + Sync,
) {
    let add = |server: Served| {
        balancer.add(server.address, server.tls.unwrap_or(server.address));
        server
    };
    let mut servers = vec![add(start()), add(start())];
    let acknowledged = load::run(
        client,
        |answer, status| {
            answer.unwrap_or_else(|error| panic!("a request was lost: {error:?}")).expect(status);
            true
        },
        |progress| {
            for _ in 0..2 {
                progress.more(20);
                let old = servers.remove(0);
                let address = old.address;
                assert!(old.terminate().success());
                balancer.remove(address);
                progress.more(20);
                servers.push(add(start()));
            }
            progress.more(20);
        },
    );
    load::all_stored(organization.client(), &acknowledged);
}

/// "Two servers on one database that are restarted in turn behind a balancer that follows `/health/ready` lose no
/// request." (docs/operations.md)
#[test]
fn a_rolling_restart_under_load_loses_no_request() {
    let url = database::own();
    let organization = Organization::on(TestServer::lasting(&url, "[database]\npool_size = 1"));
    let balancer = Balancer::start();
    let client = || organization.client().at(balancer.address);
    restart_in_turn(&organization, &balancer, || Served::on(&url, &DELAY), client);
}

/// The same, by a balancer that passes TLS on.
#[test]
fn a_rolling_restart_under_load_loses_no_request_over_http_2() {
    let url = database::own();
    let organization = Organization::on(TestServer::lasting(&url, "[database]\npool_size = 1"));
    let balancer = Balancer::start();
    let (folder, made) = (tempfile::tempdir().unwrap(), make());
    write(folder.path(), &made);
    let client = || {
        let http = trusting(roots(&made)).resolve("localhost", balancer.address).http2_prior_knowledge();
        Client::over(http, format!("https://localhost:{}", balancer.address.port()))
            .with_token_of(organization.client())
    };
    restart_in_turn(&organization, &balancer, || Served::secure(&url, folder.path(), &DELAY), client);
}
