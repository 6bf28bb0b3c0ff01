//! Requests take their turns at the database.

use std::sync::{Arc, Mutex};

use entrepot::config::{Config, Source};
use entrepot::db::Db;
use entrepot::error::Error;
use futures_util::future::join_all;

use crate::support::database;

/// Who asked first is served first, however many ask, and whoever was just served waits for the others.
#[test]
fn connections_are_given_out_in_the_order_of_asking() {
    let config = Config::from_source(Source::default()).unwrap();
    let mut settings = config.database.clone();
    settings.pool_size = 1;
    let db = Db::connect(database::shared(), &settings, 0).unwrap();
    let served = Arc::new(Mutex::new(Vec::new()));
    actix_web::rt::System::new().block_on(join_all((0..5).map(|name| {
        let (db, served) = (db.clone(), served.clone());
        async move {
            for _ in 0..20 {
                let served = served.clone();
                let work = move |_: &mut _| {
                    served.lock().unwrap().push(name);
                    Ok::<_, Error>(())
                };
                db.run(work).await.unwrap();
            }
        }
    })));
    let expected: Vec<usize> = (0..20).flat_map(|_| 0..5).collect();
    assert_eq!(*served.lock().unwrap(), expected);
}
