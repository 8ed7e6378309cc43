//! Asking people before something is done.

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::{Context as _, anyhow};

use crate::error::{Failure, Refusal};
use crate::report::say;

/// Goes on where somebody says yes, or said so before. Nobody is waited for who is not there.
pub(crate) fn confirm(question: &str, is_said: bool) -> Result<(), Failure> {
    if is_said {
        return Ok(());
    }
    if answer(&format!("{question} [y/N]"), "--yes")?.eq_ignore_ascii_case("y") {
        return Ok(());
    }
    Err(Refusal::Refused.because(anyhow!("nothing was done")))
}

/// Goes on where somebody writes a name, or gave it before.
pub(crate) fn confirm_name(what: &str, name: &str, given: Option<&str>) -> Result<(), Failure> {
    let option = format!("--confirm-env {name}");
    let given = match given {
        Some(given) => given.to_owned(),
        None => answer(
            &format!("{what}\nwrite its name, `{name}`, to go on:"),
            &option,
        )?,
    };
    if given == name {
        return Ok(());
    }
    Err(Refusal::Refused.because(anyhow!(
        "the name is `{name}`, not `{given}`: nothing was done"
    )))
}

fn answer(question: &str, option: &str) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Refusal::Refused.because(anyhow!(
            "nobody is there who could say yes: look at `infra plan`, and give `{option}`"
        )));
    }
    say(question);
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.context("could not read the answer")?;
    Ok(line.trim().to_owned())
}
