//! Requests take their turns at the database.

use std::sync::{Arc, Mutex};

use entrepot::config::{Config, Source};
use entrepot::db::Db;
use entrepot::error::Error;
use futures_util::future::join_all;

use crate::support::database;

/// Whoever was just served waits for those who were there before.
#[test]
fn nobody_is_served_twice_while_others_wait() {
    let config = Config::from_source(Source::default()).unwrap();
    let mut settings = config.database.clone();
    settings.pool_size = 1;
    let db = Db::connect(database::shared(), &settings, 0).unwrap();
    let served = Arc::new(Mutex::new(Vec::new()));
    actix_web::rt::System::new().block_on(join_all((0..5).map(|name| {
        let (db, served) = (db.clone(), served.clone());
        async move {
            for _ in 0..40 {
                let served = served.clone();
                let work = move |_: &mut _| {
                    served.lock().unwrap().push(name);
                    Ok::<_, Error>(())
                };
                db.run(work).await.unwrap();
            }
        }
    })));
    let served = served.lock().unwrap();
    // In the last rounds some have nothing more to ask for.
    let rounds = &served[..150];
    assert!(rounds.windows(2).all(|two| two[0] != two[1]), "{rounds:?}");
}
