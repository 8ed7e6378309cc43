//! `cargo xtask workflows`: checks what GitHub would run, without GitHub.

use std::process::Command;

use anyhow::Result;

use crate::process::{run, say};
use crate::tools;
use crate::workspace::Workspace;

/// Runs both checkers, the second one also after the first has found something.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    // It finds the workflows by itself, and checks their scripts too where there is a shellcheck.
    let said = run_tool(workspace, &tools::ACTIONLINT, &[]);
    // Offline, since what it would ask GitHub changes by itself, and would need a token. What is excepted stands in .github/zizmor.yml.
    let exploitable = run_tool(
        workspace,
        &tools::ZIZMOR,
        &["--offline", "--no-progress", "--quiet", "."],
    );
    said.and(exploitable)
}

fn run_tool(workspace: &Workspace, tool: &tools::Tool, arguments: &[&str]) -> Result<()> {
    let Some(program) = tool.program()? else {
        say("so the workflows were NOT CHECKED with it");
        return Ok(());
    };
    run(Command::new(program)
        .current_dir(&workspace.root)
        .args(arguments))
}
