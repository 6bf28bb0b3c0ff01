//! The operator's commands, run as the operator does.

use std::process::Command;

use entrepot::startup::data_folder::DataFolder;

use super::{PROBE, ask, member};
use crate::support::client::Answer;
use crate::support::database;
use crate::support::server::{KEY, TestServer};

struct Shell {
    url: String,
    folder: DataFolder,
}

impl Shell {
    fn new() -> Shell {
        Shell { url: database::own(), folder: database::folder("commands") }
    }

    /// What a command prints; the error is what it complains of.
    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entrepot"));
        command.args(arguments).current_dir(self.folder.path()).env("DATABASE_URL", &self.url);
        command.env("ENTREPOT_SECRET_KEY", KEY).env("ENTREPOT_AUTH_ARGON2_MEMORY", "64");
        let output = command.env("ENTREPOT_DATA_FOLDER", self.folder.path()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    /// The value of a line `name: value` that a command prints.
    fn value(&self, arguments: &[&str], name: &str) -> String {
        let printed = self.run(arguments).unwrap();
        let line = printed.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("no {name} in {printed}")).to_owned()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.folder.path());
    }
}

/// From an empty database to a request, and out again.
#[test]
fn an_operator_makes_users_and_clients_and_revokes_them() {
    let shell = Shell::new();
    let create_ada = ["user", "create", "ada", "--email", "ada@example.org", "--organization", "Acme"];
    let password = shell.value(&create_ada, "password");
    let erp = ["client", "create", "--name", "ERP", "--id", "erp", "--user", "ada"];
    let secret = shell.value(&erp, "client_secret");
    let login = ["client", "create", "--name", "App", "--id", "app", "--grant", "password"];
    let login_secret = shell.value(&login, "client_secret");
    assert!(secret.len() >= 43 && secret != login_secret);

    let server = TestServer::start(&shell.url, "");
    let by_client = || -> Answer {
        let full = [("grant_type", "client_credentials"), ("client_id", "erp"), ("client_secret", &secret)];
        ask(&server.client(), &full)
    };
    let token = member(&by_client().expect(200), "access_token");
    server.client().with_token(&token).get(PROBE).expect(200);
    let by_password = [
        ("grant_type", "password"),
        ("client_id", "app"),
        ("client_secret", &login_secret),
        ("username", "ada"),
        ("password", &password),
    ];
    ask(&server.client(), &by_password).expect(200);

    let pages = ["--redirect-uri", "https://app.example/done", "--redirect-uri", "http://127.0.0.1/done"];
    let page = ["client", "create", "--name", "Page", "--id", "page", "--grant", "authorization_code", "--public"];
    let made = shell.run(&[page.as_slice(), &pages, &["--allow-plain-pkce", "--skip-consent"]].concat()).unwrap();
    assert_eq!(made, "client_id: page\n");
    let list = shell.run(&["client", "list"]).unwrap();
    assert!(
        list.contains(
            "authorization_code+refresh_token, public, back to https://app.example/done http://127.0.0.1/done"
        )
    );
    assert!(list.contains("erp\tERP\tAcme") && list.contains("acts as ada"), "{list}");
    assert!(!list.contains(&secret), "{list}");
    shell.run(&["client", "revoke", "erp"]).unwrap();
    assert!(shell.run(&["client", "list"]).unwrap().contains("revoked"));
    by_client().expect(401);

    let before = shell.run(&["keys", "rotate"]).unwrap();
    assert_ne!(before, shell.run(&["keys", "rotate"]).unwrap());
}

/// From a key to a request with the printed headers, and out again.
#[test]
fn an_operator_makes_and_revokes_api_keys() {
    let shell = Shell::new();
    shell
        .run(&["user", "create", "ada", "--email", "ada@example.org", "--organization", "Acme", "--no-password"])
        .unwrap();
    let made = shell.run(&["apikey", "create", "ada"]).unwrap();
    let value = |name: &str| made.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    let (id, key) = (value("id: "), value("api_key: "));
    let file = shell.folder.path().join("key");
    std::fs::write(&file, format!("{key}\n")).unwrap();
    let server = TestServer::start(&shell.url, "");
    let send = || {
        let printed = shell.run(&["wsse", "header", "ada", "--key-file", file.to_str().unwrap()]).unwrap();
        server.client().send(reqwest::Method::GET, PROBE, |request| {
            let headers = printed.lines().filter_map(|line| line.split_once(": "));
            headers.fold(request, |request, (name, value)| request.header(name, value))
        })
    };
    send().expect(200);
    assert!(shell.run(&["apikey", "create", "ada"]).unwrap_err().contains("has a key already"));
    let list = shell.run(&["apikey", "list"]).unwrap();
    assert!(list.contains(&format!("{id}\tada\tAcme")) && list.contains("active") && !list.contains(&key), "{list}");
    shell.run(&["apikey", "revoke", &id]).unwrap();
    assert!(shell.run(&["apikey", "list"]).unwrap().contains("revoked"));
    send().expect(401);
    assert!(shell.run(&["apikey", "revoke", &id]).unwrap_err().contains("apikey list"));
    assert!(shell.run(&["apikey", "create", "bob"]).unwrap_err().contains("there is no user"));
}

/// Every refusal is a sentence that says what would be right.
#[test]
fn what_cannot_be_done_is_explained() {
    let shell = Shell::new();
    let ada = ["user", "create", "ada", "--email", "a@example.org", "--organization", "Acme", "--no-password"];
    assert!(!shell.run(&ada).unwrap().contains("password"));
    let short = shell.folder.path().join("short");
    std::fs::write(&short, "too short\n").unwrap();
    let short = short.to_str().unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["user", "create", "ADA", "--email", "b@example.org", "--organization", "Acme"], "exists already"),
        (
            &["user", "create", "bob", "--email", "b@example.org", "--organization", "Acme", "--role", "ROLE_X"],
            "ROLE_ADMINISTRATOR",
        ),
        (&["client", "create", "--name", "x", "--user", "bob"], "there is no user \"bob\""),
        (&["client", "create", "--name", "x"], "needs a user to act as"),
        (&["client", "create", "--name", "x", "--user", "ada", "--public"], "cannot be public"),
        (&["client", "create", "--name", "x", "--user", "ada", "--id", "a b"], "1 to 32 characters"),
        (&["client", "create", "--name", "x", "--user", "ada", "--secret-file", short], "at least 32 characters"),
        (&["client", "create", "--name", "x", "--user", "ada", "--api", "storefront"], "acts as a customer user"),
        (
            &["client", "create", "--name", "x", "--api", "storefront", "--customer-user", "bo@example.org"],
            "there is no customer user \"bo@example.org\"",
        ),
        (&["client", "create", "--name", "x", "--grant", "password", "--organization", "Nobody"], "Acme"),
        (&["client", "create", "--name", "x", "--grant", "authorization_code", "--public"], "needs a redirect URI"),
        (
            &["client", "create", "--name", "x", "--grant", "password", "--redirect-uri", "https://app.example/"],
            "belong to the grant authorization_code",
        ),
        (&["client", "revoke", "nobody"], "client list"),
    ];
    for (arguments, expected) in cases {
        let complaint = shell.run(arguments).unwrap_err();
        assert!(complaint.contains(expected), "{arguments:?}: {complaint}");
    }
    assert_eq!(shell.run(&["client", "list"]).unwrap(), "", "nothing was left behind");
}
