use entrepot::config::{Config, Source};

fn problems(file: &str, variables: &[(&str, &str)]) -> String {
    let mut source = Source::default();
    source.file("entrepot.toml", file);
    source.environment(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Config::from_source(source).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn a_wrong_value_is_answered_with_the_key_and_what_is_allowed() {
    assert_eq!(
        problems("[http]\nlisten = \"8080\"", &[]),
        "http.listen must be an address and a port, such as 127.0.0.1:8080 or [::]:8080, or off; entrepot.toml says \"8080\"."
    );
    assert_eq!(
        problems("", &[("ENTREPOT_DATABASE_POOL_SIZE", "many")]),
        "database.pool_size must be a whole number from 1 to 1000; ENTREPOT_DATABASE_POOL_SIZE says \"many\"."
    );
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest() {
    assert_eq!(
        problems("[http]\nlisen = \"127.0.0.1:1\"", &[]),
        "http.lisen in entrepot.toml is no setting; did you mean http.listen?"
    );
    let text = problems("", &[("ENTREPOT_HTTP_LISEN", "127.0.0.1:1"), ("OTHER", "x")]);
    assert_eq!(text, "ENTREPOT_HTTP_LISEN in the environment is no setting; did you mean ENTREPOT_HTTP_LISTEN?");
}

#[test]
fn a_wrong_secret_is_not_shown() {
    let text = problems("secret_key = 42424242", &[]);
    assert!(text.starts_with("secret_key must be") && !text.contains("42424242"), "{text}");
}

#[test]
fn variables_cover_the_file_and_secrets_are_masked() {
    let mut source = Source::default();
    source.file(
        "entrepot.toml",
        "[http]\nlisten = \"127.0.0.1:1\"\nworkers = 3\n[database]\nurl = \"postgres://u:hush@h/d\"",
    );
    source.environment([("ENTREPOT_HTTP_LISTEN".to_owned(), "127.0.0.1:2".to_owned())]);
    let config = Config::from_source(source).unwrap();
    assert_eq!((config.http.listen.map(|address| address.port()), config.http.workers), (Some(2), 3));
    let shown = config.to_string();
    assert!(shown.contains("http.listen = \"127.0.0.1:2\"  # ENTREPOT_HTTP_LISTEN"), "{shown}");
    assert!(!shown.contains("hush") && !format!("{config:?}").contains("hush"), "{shown}");
}

#[test]
fn the_example_mentions_every_key_with_its_default() {
    let text = include_str!("../../../config.example.toml");
    let mut source = Source::default();
    source.file("config.example.toml", text);
    let example = Config::from_source(source).unwrap();
    for (entry, default) in example.entries().iter().zip(Config::default().entries()) {
        let name = entry.key.rsplit('.').next().unwrap();
        match &entry.value {
            Some(_) => assert_eq!(entry.value, default.value, "{}", entry.key),
            // Keys without a default stand as comments.
            None => assert!(text.lines().any(|line| line.starts_with(&format!("# {name} = "))), "{}", entry.key),
        }
        assert!(entry.value.is_none() || entry.origin == "config.example.toml", "{} is missing", entry.key);
    }
}

#[test]
fn https_takes_a_certificate_and_its_key_and_something_is_served() {
    let problems = |text: &str| {
        let mut source = Source::default();
        source.file("entrepot.toml", text);
        Config::from_source(source).map(|_| "no problem").unwrap_err().to_string()
    };
    let lacks = "http.tls.certificate is set and http.tls.key is not: HTTPS needs both.";
    assert_eq!(problems("http.tls.certificate = \"/tls.crt\""), lacks);
    let nothing = "http.listen is off and http.tls.certificate is not set: nothing would be served.";
    assert_eq!(problems("http.listen = \"off\""), nothing);
}
