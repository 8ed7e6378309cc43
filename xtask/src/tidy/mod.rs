//! `cargo xtask tidy`: checks what no compiler checks.
//!
//! A check is a function from [`Repository`], a snapshot of the checkout, to findings; [`CHECKS`] lists them all. None of them reads a file or
//! starts a program itself, so each has tests with small made-up repositories. The rules that change with the workspace (who may depend on
//! whom, which script may be long) are tables at the top of the check's file.

mod documents;
mod edges;
mod format_hash;
mod manifests;
mod repository;
mod sources;

use anyhow::{Result, bail};

use crate::process::say;
use crate::workspace::Workspace;
pub(crate) use repository::Repository;

/// One thing that is wrong, where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// The file, relative to the root.
    pub(crate) file: String,
    /// What is wrong.
    pub(crate) problem: String,
    /// What to do about it.
    pub(crate) remedy: String,
}

impl Finding {
    fn new(
        file: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding {
            file: file.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

/// A rule with a name.
struct Check {
    name: &'static str,
    run: fn(&Repository) -> Vec<Finding>,
}

const CHECKS: [Check; 15] = [
    Check {
        name: "edges between our crates",
        run: edges::between_members,
    },
    Check {
        name: "dependencies with one home",
        run: edges::to_the_outside,
    },
    Check {
        name: "inherited manifest fields",
        run: manifests::inherited_fields,
    },
    Check {
        name: "inherited dependencies",
        run: manifests::inherited_dependencies,
    },
    Check {
        name: "code map",
        run: documents::code_map,
    },
    Check {
        name: "changelog",
        run: documents::changelog,
    },
    Check {
        name: "commands of the README",
        run: documents::readme_commands,
    },
    Check {
        name: "links",
        run: documents::links,
    },
    Check {
        name: "placeholders",
        run: documents::placeholders,
    },
    Check {
        name: "machine paths",
        run: documents::machine_paths,
    },
    Check {
        name: "format hash",
        run: format_hash::recorded,
    },
    Check {
        name: "one integration test binary",
        run: sources::integration_test_roots,
    },
    Check {
        name: "list of unsafe code",
        run: sources::unsafe_code_is_listed,
    },
    Check {
        name: "ignored tests",
        run: sources::ignored_tests_have_a_reason,
    },
    Check {
        name: "short shell scripts",
        run: sources::short_shell_scripts,
    },
];

/// Runs every check and prints the findings.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let repository = Repository::read(workspace)?;
    let mut num_findings = 0;
    for check in &CHECKS {
        let mut findings = (check.run)(&repository);
        findings.sort();
        num_findings += findings.len();
        for Finding {
            file,
            problem,
            remedy,
        } in findings
        {
            say(&format!("{file}: {problem}\n  [{}] {remedy}", check.name));
        }
    }
    if num_findings != 0 {
        bail!("tidy has {num_findings} findings");
    }
    say(&format!(
        "tidy: {} checks over {} files, nothing found",
        CHECKS.len(),
        repository.files.len()
    ));
    Ok(())
}

/// Records the hash of the format modules in their document, after a person has read it against them.
pub(crate) fn update_format_hash(workspace: &Workspace) -> Result<()> {
    format_hash::update(workspace, &Repository::read(workspace)?)
}
