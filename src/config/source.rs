//! What was given, key by key, and the record of what was taken.
//!
//! Input: TOML text and variables. Each `read` method takes one key with its default and says what is allowed;
//! [`Source::finish`] returns the values in force and every problem, unknown keys included.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use toml::Value;

use super::secret::Secret;

/// Variables that are no keys: the command line and the clients of `examples/` read them.
const OTHER_VARIABLES: &[&str] = &["ENTREPOT_CONFIG", "ENTREPOT_URL", "ENTREPOT_ERP_CLIENT", "ENTREPOT_SHOP_CLIENT"];

/// One key in force.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: &'static str,
    /// As TOML; masked when it is a secret; `None` when it is not set.
    pub value: Option<String>,
    /// `default`, a file's name or a variable's name.
    pub origin: String,
}

struct Given {
    value: Value,
    origin: String,
}

/// Layers of settings: a later one covers an earlier one.
#[derive(Default)]
pub struct Source {
    given: BTreeMap<String, Given>,
    /// Variables, matched with keys as the keys become known.
    variables: BTreeMap<String, String>,
    entries: Vec<Entry>,
    problems: Vec<String>,
}

impl Source {
    /// Adds a TOML text; `name` is shown as the origin of its keys.
    pub fn file(&mut self, name: &str, text: &str) {
        match text.parse::<toml::Table>() {
            Ok(table) => self.flatten("", table, name),
            Err(error) => self.problems.push(format!("{name} is not valid TOML: {error}")),
        }
    }

    /// Adds the `ENTREPOT_*` variables; `DATABASE_URL` counts as the database's address.
    pub fn environment(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in variables {
            let known = name.starts_with("ENTREPOT_") && !OTHER_VARIABLES.contains(&name.as_str());
            if known || name == "DATABASE_URL" {
                self.variables.insert(name, value);
            }
        }
    }

    pub fn problem(&mut self, sentence: String) {
        self.problems.push(sentence);
    }

    /// A value that `parse` understands, else a problem that says what is `allowed`.
    pub fn read<T: std::fmt::Debug>(
        &mut self,
        key: &'static str,
        default: T,
        allowed: &str,
        parse: impl Fn(&Value) -> Option<T>,
        show: impl Fn(&T) -> Option<String>,
    ) -> T {
        let given = self.take(key);
        let (value, origin) = match given {
            None => (default, "default".to_owned()),
            Some(Given { value, origin }) => match parse(&value) {
                Some(parsed) => (parsed, origin),
                None => {
                    self.problems.push(format!("{key} must be {allowed}; {origin} says {value}."));
                    (default, origin)
                }
            },
        };
        self.entries.push(Entry { key, value: show(&value), origin });
        value
    }

    pub fn text(&mut self, key: &'static str, default: &str, allowed: &str, valid: impl Fn(&str) -> bool) -> String {
        let parse = |value: &Value| value.as_str().filter(|text| valid(text)).map(str::to_owned);
        self.read(key, default.to_owned(), allowed, parse, |text| Some(quoted(text)))
    }

    pub fn optional_text(
        &mut self,
        key: &'static str,
        allowed: &str,
        parse: impl Fn(&str) -> Option<String>,
    ) -> Option<String> {
        let parse = |value: &Value| value.as_str().and_then(&parse).map(Some);
        self.read(key, None, allowed, parse, |text| text.as_deref().map(quoted))
    }

    pub fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        self.optional_text(key, "a path", |text| (!text.is_empty()).then(|| text.to_owned())).map(PathBuf::from)
    }

    /// A secret is never shown, not even in the sentence about a wrong one.
    pub fn secret(&mut self, key: &'static str) -> Option<Secret> {
        let Some(Given { value, origin }) = self.take(key) else {
            self.entries.push(Entry { key, value: None, origin: "default".to_owned() });
            return None;
        };
        let secret = value.as_str().filter(|text| !text.is_empty()).map(Secret::new);
        if secret.is_none() {
            self.problems.push(format!("{key} must be a text that is not empty; {origin} says otherwise."));
        }
        self.entries.push(Entry { key, value: Some(quoted("***")), origin });
        secret
    }

    pub fn integer(&mut self, key: &'static str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let parse = |value: &Value| {
            let number = match value {
                Value::Integer(number) => u64::try_from(*number).ok(),
                Value::String(text) => text.parse().ok(),
                _ => None,
            };
            number.filter(|number| range.contains(number))
        };
        let allowed = format!("a whole number from {} to {}", range.start(), range.end());
        self.read(key, default, &allowed, parse, |number| Some(number.to_string()))
    }

    pub fn flag(&mut self, key: &'static str, default: bool) -> bool {
        let parse = |value: &Value| match value {
            Value::Boolean(flag) => Some(*flag),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        self.read(key, default, "true or false", parse, |flag| Some(flag.to_string()))
    }

    /// A list, each entry read from a text; a variable has them separated by commas. The default is none.
    pub fn list<T: std::fmt::Debug>(
        &mut self,
        key: &'static str,
        allowed: &str,
        parse: impl Fn(&str) -> Option<T>,
        show: impl Fn(&T) -> String,
    ) -> Vec<T> {
        let parse = |value: &Value| match value {
            Value::Array(items) => items.iter().map(|item| item.as_str().and_then(&parse)).collect(),
            Value::String(text) => text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(&parse).collect(),
            _ => None,
        };
        let show =
            |list: &Vec<T>| Some(Value::Array(list.iter().map(|item| Value::String(show(item))).collect()).to_string());
        self.read(key, Vec::new(), allowed, parse, show)
    }

    /// Everything taken, and every problem.
    pub fn finish(mut self) -> (Vec<Entry>, Vec<String>) {
        let keys: Vec<&'static str> = self.entries.iter().map(|entry| entry.key).collect();
        for (key, given) in &self.given {
            let hint = nearest(key, keys.iter().copied());
            self.problems.push(format!("{key} in {} is no setting{hint}", given.origin));
        }
        for name in self.variables.keys().filter(|name| *name != "DATABASE_URL") {
            let names: Vec<String> = keys.iter().map(|key| variable(key)).collect();
            let hint = nearest(name, names.iter().map(String::as_str));
            self.problems.push(format!("{name} in the environment is no setting{hint}"));
        }
        (self.entries, self.problems)
    }

    fn take(&mut self, key: &'static str) -> Option<Given> {
        let file = self.given.remove(key);
        let name = variable(key);
        let mut from_environment = self.variables.remove(&name).map(|text| (name, text));
        if from_environment.is_none() && key == "database.url" {
            from_environment = self.variables.remove("DATABASE_URL").map(|text| ("DATABASE_URL".to_owned(), text));
        }
        match from_environment {
            Some((origin, text)) => Some(Given { value: Value::String(text), origin }),
            None => file,
        }
    }

    fn flatten(&mut self, prefix: &str, table: toml::Table, origin: &str) {
        for (name, value) in table {
            let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            match value {
                Value::Table(inner) => self.flatten(&key, inner, origin),
                value => {
                    self.given.insert(key, Given { value, origin: origin.to_owned() });
                }
            }
        }
    }
}

/// The variable of a key: `http.public_url` → `ENTREPOT_HTTP_PUBLIC_URL`.
pub fn variable(key: &str) -> String {
    format!("ENTREPOT_{}", key.replace('.', "_").to_uppercase())
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> String {
    known
        .map(|name| (strsim::jaro_winkler(given, name), name))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(|| ".".to_owned(), |(_, name)| format!("; did you mean {name}?"))
}
