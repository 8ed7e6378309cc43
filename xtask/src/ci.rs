//! `cargo xtask ci`: what the continuous integration runs, in its order; the same commands work on any machine.
//!
//! Everything is compiled with the dev profile, so that tests, benches and `cargo up` share their dependencies; clippy alone needs artefacts of
//! its own (metadata without code), which cargo keeps beside them.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::process::{self, run, say};
use crate::workspace::Workspace;
use crate::{tidy, tools, workflows};

/// What cargo-deny checks here. Advisories need a network and change by themselves, so they have a job of their own in the workflow.
const DENY_CHECKS: [&str; 3] = ["licenses", "bans", "sources"];

/// One step: its name, and how it is run.
type Step = (&'static str, fn(&Workspace) -> Result<()>);

const STEPS: [Step; 9] = [
    // Exactly the test command of the README.
    ("test", |workspace| cargo(workspace, &["xtask", "test"])),
    ("engine", |workspace| {
        cargo(workspace, &["xtask", "e2e", "engine"])
    }),
    ("fmt", |workspace| {
        cargo(workspace, &["fmt", "--all", "--check"])
    }),
    ("clippy", |workspace| {
        cargo(
            workspace,
            &[
                "clippy",
                "--quiet",
                "--workspace",
                "--all-targets",
                "--",
                "--deny",
                "warnings",
            ],
        )
    }),
    ("tidy", tidy::run),
    ("deny", deny),
    ("workflows", workflows::check),
    ("benches compile", |workspace| {
        cargo(
            workspace,
            &[
                "bench",
                "--quiet",
                "--no-run",
                "--profile",
                "dev",
                "--workspace",
                "--benches",
            ],
        )
    }),
    (STORY, |workspace| {
        cargo(workspace, &["xtask", "e2e", "story"])
    }),
];

/// The step that builds two programs once more, and is left out where the others took long, as they do on a machine that is new.
const STORY: &str = "story";

/// How long the others may take before that.
const STORY_BEGIN: Duration = Duration::from_mins(50);

/// Runs every step, also after one has failed, and sums up.
pub(crate) fn ci(workspace: &Workspace) -> Result<()> {
    let mut summary = Vec::new();
    let mut failed = Vec::new();
    let begun = Instant::now();
    for (name, step) in STEPS {
        say(&format!("--- {name}"));
        if name == STORY && STORY_BEGIN < begun.elapsed() {
            say(
                "NOT TESTED: there is no time left for the story on a node; `cargo xtask e2e story` tells it",
            );
            summary.push(format!("  {name:<16}         left out"));
            continue;
        }
        let start = Instant::now();
        let result = step(workspace);
        let outcome = match &result {
            Ok(()) => "ok".to_owned(),
            Err(error) => {
                say(&format!("error: {error:#}"));
                failed.push(name);
                "FAILED".to_owned()
            }
        };
        summary.push(format!(
            "  {name:<16} {:>5} s  {outcome}",
            start.elapsed().as_secs()
        ));
    }
    say("--- summary");
    for line in summary {
        say(&line);
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    run(process::cargo()
        .current_dir(&workspace.root)
        .args(arguments))
}

/// `cargo xtask deny`: licences, banned and duplicate packages, and sources.
pub(crate) fn deny(workspace: &Workspace) -> Result<()> {
    let Some(cargo_deny) = tools::CARGO_DENY.program()? else {
        return Ok(());
    };
    // Second versions only warn: `cargo deny check bans` shows them, and the few that matter are errors.
    run(Command::new(cargo_deny)
        .current_dir(&workspace.root)
        .args(["--log-level", "error", "check"])
        .args(DENY_CHECKS))
}
