use super::balancer::Balancer;
use crate::support::database;
use crate::support::load;
use crate::support::organization::Organization;
use crate::support::served::Served;
use crate::support::server::TestServer;

/// "Two servers on one database that are restarted in turn behind a balancer that follows `/health/ready` lose no
/// request." (docs/operations.md)
#[test]
fn a_rolling_restart_under_load_loses_no_request() {
    let url = database::own();
    let organization = Organization::on(Box::leak(Box::new(TestServer::start(&url, "[database]\npool_size = 1"))));
    let start = || Served::on(&url, &[("ENTREPOT_HTTP_DRAIN_DELAY", "1")]);
    let balancer = Balancer::start();
    let mut servers = vec![start(), start()];
    for server in &servers {
        balancer.add(server.address);
    }
    let acknowledged = load::run(
        || organization.client().at(balancer.address),
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
                let new = start();
                balancer.add(new.address);
                servers.push(new);
            }
            progress.more(20);
        },
    );
    load::all_stored(organization.client(), &acknowledged);
}
