//! The operator's commands about jobs: their arguments, and the text that they print.

use std::error::Error;
use std::fmt::Write;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Subcommand;
use diesel::pg::PgConnection;
use serde_json::json;

use super::dead::{self, Letter, Which};
use super::depth::{depths, processes};
use super::family;

/// `queue …`
#[derive(Debug, Subcommand)]
pub enum QueueCommand {
    /// Print how many jobs of each kind wait, run and have died, and which processes run jobs.
    Stats {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print dead letters, the latest first: jobs that failed at each attempt, or took too long.
    Dead {
        #[command(flatten)]
        which: Which,
        /// How many at most.
        #[arg(long, default_value_t = 50)]
        limit: i64,
        /// As JSON, one a line, with the payloads.
        #[arg(long)]
        json: bool,
    },
    /// Print everything about a job.
    Show { id: i64 },
    /// Have dead letters start again.
    Retry {
        #[command(flatten)]
        which: Which,
        /// All of them.
        #[arg(long)]
        all: bool,
    },
    /// Remove dead letters for good.
    Purge {
        #[command(flatten)]
        which: Which,
        /// All of them.
        #[arg(long)]
        all: bool,
    },
    /// Cancel a job that has not ended, and the jobs below it.
    Cancel { id: i64 },
}

/// Carries out `queue …`; the answer is the text to print.
pub fn queue(conn: &mut PgConnection, command: &QueueCommand) -> Result<String, Box<dyn Error + Send + Sync>> {
    match command {
        QueueCommand::Stats { json } => stats(conn, *json),
        QueueCommand::Dead { which, limit, json } => {
            let letters = dead::list(conn, which, *limit)?;
            if *json {
                return Ok(letters.iter().map(serde_json::to_string).map(|line| Ok(line? + "\n")).collect::<Result<
                    _,
                    serde_json::Error,
                >>(
                )?);
            }
            Ok(if letters.is_empty() { "There are no dead letters.\n".to_owned() } else { table(&letters) })
        }
        QueueCommand::Show { id } => match dead::show(conn, *id)? {
            Some(letter) => Ok(serde_json::to_string_pretty(&letter)? + "\n"),
            None => Err(no_job(*id).into()),
        },
        QueueCommand::Retry { which, all } => {
            asked(which, *all)?;
            Ok(match dead::retry(conn, which)? {
                1 => "1 dead letter starts again.\n".to_owned(),
                count => format!("{count} dead letters start again.\n"),
            })
        }
        QueueCommand::Purge { which, all } => {
            asked(which, *all)?;
            Ok(match dead::purge(conn, which)? {
                1 => "1 dead letter is removed.\n".to_owned(),
                count => format!("{count} dead letters are removed.\n"),
            })
        }
        QueueCommand::Cancel { id } => match family::cancel(conn, *id)? {
            true => Ok(format!("The job {id} is cancelled.\n")),
            false => Err(no_job(*id).into()),
        },
    }
}

fn no_job(id: i64) -> String {
    format!("There is no job {id} any more: it is done, or never was.")
}

/// Nothing happens to every dead letter by mistake.
fn asked(which: &Which, all: bool) -> Result<(), String> {
    match (which.is_all(), all) {
        (true, false) => Err("Say which dead letters: by their ids, --queue, --job, … or --all.".to_owned()),
        (false, true) => Err("--all is all of them; leave it out, or the rest.".to_owned()),
        _ => Ok(()),
    }
}

fn stats(conn: &mut PgConnection, as_json: bool) -> Result<String, Box<dyn Error + Send + Sync>> {
    let (depths, processes) = (depths(conn)?, processes(conn)?);
    if as_json {
        return Ok(json!({"jobs": depths, "processes": processes}).to_string() + "\n");
    }
    let mut text = format!(
        "{:<16} {:<28} {:>9} {:>9} {:>9} {:>9}  {}\n",
        "QUEUE", "JOB", "READY", "DELAYED", "RUNNING", "DEAD", "OLDEST"
    );
    for depth in &depths {
        let oldest = if depth.ready > 0 { span(depth.oldest) } else { "-".to_owned() };
        let (queue, job) = (&depth.queue, &depth.job);
        let counts = [depth.ready, depth.delayed, depth.running, depth.dead].map(|count| format!("{count:>9}"));
        writeln!(text, "{queue:<16} {job:<28} {}  {oldest}", counts.join(" "))?;
    }
    writeln!(text, "\n{:<8} {:<24} {:>8} {:>8}  {:<10} LEASE", "PROCESS", "HOST", "PID", "RUNNING", "UP")?;
    for process in &processes {
        let lease = if process.lease > 0.0 { span(process.lease) } else { "ended".to_owned() };
        let (id, host, up) = (process.id, &process.host, span(process.up));
        writeln!(text, "{id:<8} {host:<24} {:>8} {:>8}  {up:<10} {lease}", process.process, process.running)?;
    }
    Ok(text)
}

fn table(letters: &[Letter]) -> String {
    let mut text = String::new();
    for letter in letters {
        let whose = letter.organization.map_or("system".to_owned(), |id| format!("organization {id}"));
        let error = letter.error.as_deref().and_then(|error| error.lines().next()).unwrap_or_default();
        let ended = letter.ended_at.map(moment).unwrap_or_default();
        text += &format!(
            "{}\t{}\t{}/{}\t{whose}\t{}, attempt {} of {}\t{error}\n",
            letter.id, ended, letter.queue, letter.job, letter.status, letter.attempts, letter.max_attempts
        );
    }
    text
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Seconds for people.
fn span(seconds: f64) -> String {
    let whole = Duration::from_secs_f64(seconds.max(0.0)).as_secs();
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min", whole / 60),
        3600..172_800 => format!("{} h", whole / 3600),
        _ => format!("{} days", whole / 86_400),
    }
}
