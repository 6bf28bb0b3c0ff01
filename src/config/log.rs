//! The log's form and detail.

use super::source::Source;

/// How the log is written.
#[derive(Clone, Debug)]
pub struct Log {
    pub format: LogFormat,
    /// A level, or directives of the form `info,entrepot::http=debug`.
    pub level: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One line a person reads.
    Text,
    /// One JSON object a line.
    Json,
}

impl Log {
    pub(super) fn read(source: &mut Source) -> Log {
        let parse = |value: &toml::Value| match value.as_str()? {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        };
        let show = |format: &LogFormat| {
            Some(match format {
                LogFormat::Text => "\"text\"".to_owned(),
                LogFormat::Json => "\"json\"".to_owned(),
            })
        };
        let valid_level = |text: &str| tracing_subscriber::EnvFilter::try_new(text).is_ok() && !text.is_empty();
        Log {
            format: source.read("log.format", LogFormat::Text, "\"text\" or \"json\"", parse, show),
            level: source.text(
                "log.level",
                "info,actix_server=warn",
                "error, warn, info, debug or trace, or directives such as info,entrepot::http=debug",
                valid_level,
            ),
        }
    }
}
