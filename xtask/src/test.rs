//! `cargo xtask test`: the one test command.
//!
//! The functions are built first, because the tests over everything run the real components. Real data sets are not part of the repository: tests
//! that want one look for it under `KINDRED_DATA`, which is `../shared/data` beside the checkout unless it is set, and pass without it. So what
//! was absent is said loudly at the end.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::functions;
use crate::functions::toolchain::ToolchainChoice;
use crate::process::{self, run, say, timed};
use crate::tools::{CFN_LINT, MOTO, REGISTRY, Tool, VERSITYGW};
use crate::workspace::Workspace;

/// The folder with data sets, one sub-folder each.
const DATA_VARIABLE: &str = "KINDRED_DATA";

/// The programs of others that tests start: the variable that names one, how it is got where that is not set, and what is not tested without it.
const PROGRAMS: [(&str, Tool, &str); 4] = [
    (
        "KINDRED_REGISTRY",
        REGISTRY,
        "NO REGISTRY: pushes and pulls",
    ),
    (
        "KINDRED_VERSITYGW",
        VERSITYGW,
        "NO SECOND S3 SERVER: publications to a server that is not ours, and the races there,",
    ),
    ("KINDRED_MOTO", MOTO, "NO AWS: stacks and sites"),
    (
        "KINDRED_CFN_LINT",
        CFN_LINT,
        "NO CFN-LINT: templates of stacks",
    ),
];

/// The data sets that some test reads, and what is not tested without them.
const DATA_SETS: [(&str, &str); 13] = [
    (
        "fimi",
        "the published counts of frequent itemsets, and import of transactions",
    ),
    (
        "goodbooks-10k",
        "import of books and their ratings, and the use case `media`",
    ),
    (
        "groceries",
        "the published counts of rules, and the use case `groceries`",
    ),
    (
        "ml-100k",
        "import of the layout with u.data and fixed splits",
    ),
    ("ml-1m", "import of a million interactions as pairs"),
    (
        "ml-1m-ultragcn-split",
        "import of the layout with a list of items a user",
    ),
    (
        "ml-latest-small",
        "import of the CSV layout and of the same as Parquet, and the use cases `films` and `media`",
    ),
    ("movietweetings", "import of the layout between two colons"),
    (
        "netflix-titles",
        "import of a catalogue of titles, and the use case `media`",
    ),
    (
        "placement",
        "learning from a real table, and the use case `placement`",
    ),
    (
        "podcasts",
        "import of shows and episodes, and the use case `media`",
    ),
    (
        "spotify-playlists",
        "import of playlists, and the use case `playlists`",
    ),
    ("yelp", "import of businesses and reviews"),
];

/// Builds the functions, runs all tests with `arguments` handed on to cargo, and names the data sets that were not there.
pub(crate) fn test(
    workspace: &Workspace,
    choice: ToolchainChoice,
    arguments: &[String],
) -> Result<()> {
    functions::build_with_test_guests(workspace, choice)?;
    let data_folder = std::env::var_os(DATA_VARIABLE)
        .map_or_else(|| workspace.root.join("../shared/data"), PathBuf::from);
    // Tests run in the folders of their crates, where a relative path means something else.
    let data_folder = std::path::absolute(data_folder)
        .with_context(|| format!("{DATA_VARIABLE} is not a path"))?;
    let mut command = process::cargo();
    command
        .current_dir(&workspace.root)
        .args(["test", "--workspace", "--no-fail-fast"])
        .args(arguments);
    command.env(DATA_VARIABLE, &data_folder);
    let mut absent_programs = Vec::new();
    for (variable, tool, untested) in &PROGRAMS {
        if let Some(program) = program(variable, tool) {
            command.env(variable, program);
        } else {
            absent_programs.push(format!(
                "{untested} were NOT TESTED. Install Go and Python with venv, or name the program in {variable}."
            ));
        }
    }
    let tested = timed("tests passed", || run(&mut command));
    // Also after a failure: an absent data set may be a reason for it.
    for line in report_of_absent_data(&data_folder, Path::is_dir) {
        say(&line);
    }
    for line in absent_programs {
        say(&line);
    }
    tested
}

/// The program that a variable names, else one that is installed. Where it cannot be had, everything else is tested all the same.
fn program(variable: &str, tool: &Tool) -> Option<PathBuf> {
    if let Some(program) = std::env::var_os(variable) {
        return Some(program.into());
    }
    tool.program().unwrap_or_else(|error| {
        say(&format!("warning: {error:#}"));
        None
    })
}

fn report_of_absent_data(data_folder: &Path, is_folder: impl Fn(&Path) -> bool) -> Vec<String> {
    let absent: Vec<_> = DATA_SETS
        .iter()
        .filter(|(name, _)| !is_folder(&data_folder.join(name)))
        .collect();
    if absent.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!(
        "ABSENT DATA SETS under {}. These were NOT TESTED:",
        data_folder.display()
    )];
    lines.extend(
        absent
            .iter()
            .map(|(name, what)| format!("  {name:<22} {what}")),
    );
    lines.push(format!(
        "Set {DATA_VARIABLE} to a folder that has them as sub-folders to test these too."
    ));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_data_sets_are_named() {
        let lines = report_of_absent_data(Path::new("sets"), |folder| !folder.ends_with("ml-100k"));
        assert_eq!(lines.len(), 3);
        assert!(lines[0].contains("under sets"), "{lines:?}");
        assert!(lines[1].contains("ml-100k"), "{lines:?}");

        assert_eq!(
            report_of_absent_data(Path::new("sets"), |_| false).len(),
            DATA_SETS.len() + 2
        );
        assert!(report_of_absent_data(Path::new("sets"), |_| true).is_empty());
    }
}
