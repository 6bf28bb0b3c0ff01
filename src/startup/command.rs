//! The command line's arguments, and the function of the library behind each command.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::auth::command::{self, ApiKeyCommand, ClientCommand, KeysCommand, UserCommand, WsseCommand};
use crate::config::{self, Config};
use crate::queue::command::QueueCommand;
use crate::queue::{self, Limits, ProbeArguments};
use crate::{auth, openapi, startup};

/// An open integration server for B2B commerce that speaks the OroCommerce web API.
#[derive(Parser)]
#[command(version)]
pub struct Arguments {
    /// The settings file; without it `entrepot.toml` in the working folder, if there is one.
    #[arg(long, global = true, env = "ENTREPOT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve both APIs.
    Serve {
        /// Make a key, load demo data, and show its credentials and a first request.
        #[arg(long)]
        demo: bool,
    },
    /// Run jobs, without serving requests; any number of such processes on any machine.
    Worker {
        /// The queues, separated by commas; all of them when it is left out.
        #[arg(long, value_delimiter = ',')]
        queues: Vec<String>,
        /// How many jobs run at the same time; queue.workers when it is left out.
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
        concurrency: Option<u16>,
        #[command(flatten)]
        limits: Limits,
    },
    /// Jobs: how many, dead letters, how quick.
    #[command(subcommand)]
    Queue(Queue),
    /// Demo data.
    #[command(subcommand)]
    Demo(DemoCommand),
    /// Write the OpenAPI documents of both APIs.
    Openapi {
        /// The folder to write them to.
        #[arg(default_value = "openapi")]
        folder: PathBuf,
    },
    /// Bring the database to the schema and the reference data of this version.
    Migrate,
    /// API clients: make, list, revoke.
    #[command(subcommand)]
    Client(ClientCommand),
    /// Users: make the first one, and others when nobody can log in.
    #[command(subcommand)]
    User(UserCommand),
    /// API keys of users, for the scheme WSSE: make, list, revoke.
    #[command(subcommand, name = "apikey")]
    ApiKey(ApiKeyCommand),
    /// The scheme WSSE.
    #[command(subcommand)]
    Wsse(WsseCommand),
    /// The keys that sign tokens.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Print every setting in force, where it comes from, secrets masked.
    Config,
}

#[derive(Subcommand)]
enum Queue {
    #[command(flatten)]
    Command(QueueCommand),
    /// Send jobs that do next to nothing through the queue, and print how long that took.
    Probe(ProbeArguments),
}

#[derive(Subcommand)]
enum DemoCommand {
    /// Load it, where it is not loaded, and print its credentials.
    Load,
}

/// Does what the arguments say.
pub fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let file = arguments.config.or_else(config::default_file);
    let config = Config::load(file.as_deref())?;
    match arguments.command {
        Command::Serve { demo } => startup::serve(config, demo),
        Command::Worker { queues, concurrency, limits } => {
            startup::work(config, queues, concurrency.map(usize::from), limits)
        }
        Command::Queue(Queue::Command(command)) => {
            startup::administer(&config, |_, conn| queue::command::queue(conn, &command))
        }
        Command::Queue(Queue::Probe(asked)) => startup::probe(&config, &asked),
        Command::Demo(DemoCommand::Load) => startup::load_demo(&config),
        Command::Openapi { folder } => Ok(openapi::write(&folder)?),
        Command::Migrate => startup::migrate(&config),
        Command::Client(command) => {
            startup::administer(&config, |place, conn| Ok(command::client(conn, &place.key(&config)?, &command)?))
        }
        Command::User(command) => {
            startup::administer(&config, |_, conn| Ok(command::user(conn, auth::cost(&config.auth), &command)?))
        }
        Command::ApiKey(command) => {
            startup::administer(&config, |place, conn| Ok(command::api_key(conn, &place.key(&config)?, &command)?))
        }
        Command::Wsse(command) => {
            print!("{}", command::wsse(&command)?);
            Ok(())
        }
        Command::Keys(command) => {
            startup::administer(&config, |place, conn| Ok(command::keys(conn, &place.key(&config)?, &command)?))
        }
        Command::Config => {
            startup::say(&config.to_string());
            Ok(())
        }
    }
}
