//! What `serve` asks for before it serves, and what the demonstration shows.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use crate::support::database;
use crate::support::served::Served;

/// The binary, without settings from outside, in an empty folder.
fn entrepot(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_entrepot"));
    command.args(arguments).current_dir(folder.path()).env_remove("DATABASE_URL").envs(variables.iter().copied());
    command.output().unwrap()
}

fn refusal(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = entrepot(arguments, variables);
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn serve_without_a_key_refuses_and_says_how_one_is_made() {
    let text = refusal(&["serve"], &[]);
    assert!(text.contains("ENTREPOT_SECRET_KEY") && text.contains("openssl rand -base64 32"), "{text}");
    let text = refusal(&["serve"], &[("ENTREPOT_SECRET_KEY", "short")]);
    assert!(text.contains("32 random bytes") && !text.contains("short"), "{text}");
}

#[test]
fn the_demonstration_is_not_shown_to_others_with_generated_passwords() {
    let open = ("ENTREPOT_HTTP_LISTEN", "0.0.0.0:0");
    for variables in [&[open][..], &[open, ("ENTREPOT_ADMIN_PASSWORD", "a long password")]] {
        let text = refusal(&["serve", "--demo"], variables);
        assert!(text.contains("ENTREPOT_ADMIN_PASSWORD, ENTREPOT_BUYER_PASSWORD and ENTREPOT_DEMO_SECRET"), "{text}");
    }
}

#[test]
fn a_wrong_setting_stops_every_command() {
    let text = refusal(&["config"], &[("ENTREPOT_HTTP_WORKERS", "some")]);
    assert_eq!(
        text,
        "entrepot: http.workers must be a whole number from 0 to 1024; ENTREPOT_HTTP_WORKERS says \"some\".\n"
    );
}

#[test]
fn the_demonstration_shows_credentials_that_work_and_keeps_them() {
    let folder = database::folder("demo");
    let _reaper = database::reap(&folder);
    let first = Served::start_demo(&folder);
    let curl = first.shown.lines().find_map(|line| line.strip_prefix("  curl")).unwrap();
    let output = Command::new("sh").args(["-c", &format!("curl{curl}")]).output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["data"].as_array().map(Vec::len), Some(2), "{document}");
    let credentials = |served: &Served| -> Vec<String> {
        let told = served.shown.lines().filter(|line| line.contains("password ") || line.contains("secret  "));
        told.map(str::to_owned).collect()
    };
    let before = credentials(&first);
    assert!(before.iter().any(|line| line.contains("admin, password ")), "{before:?}");
    assert!(first.interrupt().success());

    let second = Served::start_demo(&folder);
    assert_eq!(credentials(&second), before);
    assert!(second.interrupt().success());
    for name in ["secret.key", "demo-admin-password", "demo-client-secret"] {
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
