//! `demo write DIR`: the demo's films and synthetic ratings as a MovieLens folder.

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use demo::Recipe;

/// Real films, synthetic ratings.
#[derive(Parser)]
#[command(name = "demo")]
enum Command {
    /// Write a folder in the layout of MovieLens' ml-latest.
    Write {
        /// Where to; made when missing, and files of the same names are replaced.
        dir: PathBuf,
        /// Where chance starts.
        #[arg(long, default_value_t = Recipe::DEMO.seed)]
        seed: u64,
        /// How many people rate.
        #[arg(long, default_value_t = Recipe::DEMO.user_count)]
        users: u32,
    },
}

#[expect(clippy::print_stderr, reason = "a command line's summary")]
fn main() -> anyhow::Result<()> {
    let Command::Write { dir, seed, users } = Command::parse();
    let (film_count, rating_count) = demo::write_folder(
        &dir,
        Recipe {
            seed,
            user_count: users,
        },
    )
    .context("the demo data was not written")?;
    eprintln!(
        "{film_count} films and {rating_count} synthetic ratings in {}",
        dir.display()
    );
    Ok(())
}
