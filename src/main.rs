//! The command line: every command is a function of the library.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use entrepot::config::Config;
use entrepot::{config, openapi, startup};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// An open integration server for B2B commerce that speaks the OroCommerce web API.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The settings file; without it `entrepot.toml` in the working folder, if there is one.
    #[arg(long, global = true, env = "ENTREPOT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve both APIs.
    Serve,
    /// Write the OpenAPI documents of both APIs.
    Openapi {
        /// The folder to write them to.
        #[arg(default_value = "openapi")]
        folder: PathBuf,
    },
    /// Bring the database to the schema and the reference data of this version.
    Migrate,
    /// Print every setting in force, where it comes from, secrets masked.
    Config,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("entrepot: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let file = arguments.config.or_else(config::default_file);
    let config = Config::load(file.as_deref())?;
    match arguments.command {
        Command::Serve => startup::serve(config),
        Command::Openapi { folder } => Ok(openapi::write(&folder)?),
        Command::Migrate => startup::migrate(&config),
        Command::Config => {
            print!("{config}");
            Ok(())
        }
    }
}
