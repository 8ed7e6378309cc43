//! Asking before something is done that is not easily undone.

use std::io::{IsTerminal as _, stdin};

use anyhow::{Context, anyhow};

use crate::error::{Failure, Refusal};
use crate::report::insist;

/// Goes on if whoever sits at the terminal writes exactly `answer`. Nobody waits for an answer where there is no terminal; `instead` is the option to give there.
pub(crate) fn confirm(question: &str, answer: &str, instead: &str) -> Result<(), Failure> {
    if !stdin().is_terminal() {
        let nobody = anyhow!("nobody said yes, and without a terminal nobody can be asked");
        return Err(Refusal::Refused
            .because(nobody)
            .hint(format!("give `{instead}`")));
    }
    insist(&format!("{question} Write `{answer}` to go on:"));
    let mut line = String::new();
    stdin()
        .read_line(&mut line)
        .context("could not read the answer")?;
    if line.trim() == answer {
        Ok(())
    } else {
        Err(Refusal::Refused.because(anyhow!("nobody said yes, and nothing was changed")))
    }
}
