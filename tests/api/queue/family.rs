use entrepot::queue::{self, Options};

use super::world::{Gated, Note, Root, Slow, World, until};

fn root(children: &[&str]) -> Root {
    Root { children: children.iter().map(|text| (*text).to_owned()).collect() }
}

/// Contract 28: "root is running until all children end; dependent jobs start after the root."
#[test]
fn a_root_runs_until_its_children_have_ended_and_then_its_followers_start() {
    let world = World::new(0);
    let (root, follower) = world.write(|conn| {
        let root = queue::enqueue(conn, None, &root(&["a", "b", "c"]), &Options::default())?.id;
        let after = Options { after: Some(root), ..Options::default() };
        let follower = queue::enqueue(conn, None, &Note { text: "after".to_owned() }, &after)?.id;
        Ok((root, follower))
    });
    let _one = world.another(1);
    world.await_status(root, "success");
    until("the follower is done", || world.noted().len() == 4);
    assert_eq!(world.noted(), ["a", "b", "c", "after"]);
    let progress = world.progress(root).unwrap();
    assert_eq!((progress.children, progress.left, progress.failed), (3, 0, 0));
    assert_eq!((progress.part(), world.status(follower)), (1.0, "gone"));
}

#[test]
fn a_root_with_a_failed_child_has_failed_when_the_last_one_has_ended() {
    let world = World::new(2);
    let root = world.enqueue(&root(&["bad", "good", "better"]), &Options::default()).id;
    world.await_status(root, "failed");
    let progress = world.progress(root).unwrap();
    assert_eq!((progress.children, progress.left, progress.failed), (3, 0, 1));
    assert_eq!(world.noted().len(), 2);
}

/// "parent and child jobs with progress"; "cancel".
#[test]
fn cancelling_a_root_ends_its_children() {
    let world = World::new(0);
    let (root, children) = world.write(|conn| {
        let root = queue::enqueue(conn, None, &Note { text: "root".to_owned() }, &Options::default())?.id;
        let below = Options { root: Some(root), ..Options::default() };
        let slow = queue::enqueue(conn, None, &Slow { text: "slow".to_owned() }, &below)?.id;
        let waits = queue::enqueue(conn, None, &Gated { text: "waits".to_owned() }, &below)?.id;
        Ok((root, [slow, waits]))
    });
    world.sql(&format!("UPDATE job SET stale_after = NULL; UPDATE job SET priority = 0 WHERE id = {}", children[1]));
    world.sql(&format!("UPDATE job SET delayed_until = 'infinity' WHERE id = {}", children[1]));
    let _one = world.another(1);
    world.await_status(children[0], "running");
    until("the root's own part is done", || world.noted() == ["root"]);
    let progress = world.progress(root).unwrap();
    assert_eq!((progress.status.as_str(), progress.left, progress.part()), ("running", 2, 0.0));
    assert!(world.write(|conn| Ok(queue::cancel(conn, root)?)));
    assert_eq!([root, children[0], children[1]].map(|id| world.status(id)), ["cancelled"; 3]);
    world.open_gate();
    world.note("next", &Options::default());
    until("the worker goes on", || world.noted() == ["root", "next"]);
    assert!(!world.write(|conn| Ok(queue::cancel(conn, root)?)), "it has ended");
}

/// A job that has ended is not waited for, and a root that has ended takes no children.
#[test]
fn what_has_ended_is_not_waited_for() {
    let world = World::new(2);
    let gone = world.note("first", &Options::default()).id;
    world.await_rest();
    world.note("second", &Options { after: Some(gone), ..Options::default() });
    world.await_rest();
    assert_eq!(world.noted(), ["first", "second"]);
    let below = Options { root: Some(gone), ..Options::default() };
    let refused = world
        .server
        .db
        .transaction_now(|conn| queue::enqueue(conn, None, &Note { text: "child".to_owned() }, &below).map(|_| ()));
    assert!(refused.is_err());
}
