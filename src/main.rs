//! The binary: the command line in, an exit code out.

use std::process::ExitCode;

use clap::Parser;
use entrepot::startup::command::{Arguments, run};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("entrepot: {error}");
            ExitCode::FAILURE
        }
    }
}
