//! `cargo xtask test`: the one test command.
//!
//! The functions are built first, because the tests over everything run the real components. Real data sets are not part of the repository: tests
//! that want one look for it under `KINDRED_DATA` and pass without it, so what was absent is said loudly at the end.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::functions;
use crate::functions::toolchain::ToolchainChoice;
use crate::process::{self, run, say, timed};
use crate::workspace::Workspace;

/// The folder with data sets, one sub-folder each.
const DATA_VARIABLE: &str = "KINDRED_DATA";

/// The data sets that some test reads, and what is not tested without them.
const DATA_SETS: [(&str, &str); 4] = [
    (
        "ml-100k",
        "import of the layout with u.data and fixed splits",
    ),
    (
        "ml-1m",
        "quality and size of the neighbours index on a million ratings",
    ),
    (
        "ml-1m-ultragcn-split",
        "recall and NDCG beside published figures",
    ),
    (
        "ml-latest-small",
        "import of the CSV layout, the whole way to an answer",
    ),
];

/// Builds the functions, runs all tests with `arguments` handed on to cargo, and names the data sets that were not there.
pub(crate) fn test(
    workspace: &Workspace,
    choice: ToolchainChoice,
    arguments: &[String],
) -> Result<()> {
    functions::build_with_test_guest(workspace, choice)?;
    let tested = timed("tests passed", || {
        run(process::cargo()
            .current_dir(&workspace.root)
            .args(["test", "--workspace"])
            .args(arguments))
    });
    // Also after a failure: an absent data set may be a reason for it.
    let data_folder = std::env::var_os(DATA_VARIABLE).map(PathBuf::from);
    for line in report_of_absent_data(data_folder.as_deref(), Path::is_dir) {
        say(&line);
    }
    tested
}

fn report_of_absent_data(
    data_folder: Option<&Path>,
    is_folder: impl Fn(&Path) -> bool,
) -> Vec<String> {
    let is_absent = |name: &str| !data_folder.is_some_and(|folder| is_folder(&folder.join(name)));
    let absent: Vec<_> = DATA_SETS
        .iter()
        .filter(|(name, _)| is_absent(name))
        .collect();
    if absent.is_empty() {
        return Vec::new();
    }
    let why = match data_folder {
        None => format!("{DATA_VARIABLE} is not set"),
        Some(folder) => format!("{DATA_VARIABLE} is {}", folder.display()),
    };
    let mut lines = vec![format!("ABSENT DATA SETS ({why}). These were NOT TESTED:")];
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
        let lines = report_of_absent_data(None, |_| true);
        assert_eq!(lines.len(), DATA_SETS.len() + 2);
        assert!(lines[0].contains("KINDRED_DATA is not set"), "{lines:?}");

        let lines = report_of_absent_data(Some(Path::new("sets")), |folder| {
            !folder.ends_with("ml-100k")
        });
        assert_eq!(lines.len(), 3);
        assert!(lines[1].contains("ml-100k"), "{lines:?}");

        assert!(report_of_absent_data(Some(Path::new("sets")), |_| true).is_empty());
    }
}
