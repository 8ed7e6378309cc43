//! The sources: where tests live, where unsafe code is, and what is not Rust.

use super::repository::has_extension;
use super::{Finding, Repository};

/// What must run before Rust is there may be longer.
const LONG_SCRIPTS: [&str; 1] = [".ci/run"];

/// The longest script otherwise, in lines that do something.
const MAXIMUM_SCRIPT_LINES: usize = 2;

/// A crate has one integration test binary at most, since each is linked and started on its own.
pub(super) fn integration_test_roots(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &repository.packages {
        let folder = format!("{}/tests/", package.folder);
        let roots: Vec<&str> = repository
            .files
            .keys()
            .filter_map(|path| path.strip_prefix(&folder))
            .filter(|path| match path.split_once('/') {
                None => has_extension(path, "rs"),
                Some((_, rest)) => rest == "main.rs",
            })
            .collect();
        if 1 < roots.len() || roots.iter().any(|root| !root.contains('/')) {
            findings.push(Finding::new(
                format!("{}/tests", package.folder),
                format!("its roots of integration tests are {}", roots.join(", ")),
                "make them modules of the one root tests/it/main.rs: each root is a binary more to link",
            ));
        }
    }
    findings
}

/// Files that opt out of `unsafe_code` are named in the architecture document.
pub(super) fn unsafe_code_is_listed(repository: &Repository) -> Vec<Finding> {
    let architecture = repository.text("ARCHITECTURE.md");
    repository
        .files_with_extension("rs")
        .filter(|(path, text)| {
            opts_out_of_unsafe_code(text) && !architecture.contains(&format!("`{path}`"))
        })
        .map(|(path, _)| {
            Finding::new(
                path,
                "it opts out of the lint `unsafe_code` and ARCHITECTURE.md does not say so",
                format!("name `{path}` there with the reason, or do without unsafe code"),
            )
        })
        .collect()
}

fn opts_out_of_unsafe_code(text: &str) -> bool {
    // An attribute on one line, or the line of one that the formatter has broken.
    text.lines().map(str::trim).any(|line| {
        (line.starts_with("#[") || line.starts_with("#![")) && line.contains("unsafe_code")
            || line == "unsafe_code,"
    })
}

/// An ignored test says what it needs, and examples in the documentation are compiled.
pub(super) fn ignored_tests_have_a_reason(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in repository.files_with_extension("rs") {
        for (line_idx, line) in text.lines().map(str::trim).enumerate() {
            let line_number = line_idx + 1;
            if line == "#[ignore]" {
                findings.push(Finding::new(
                    path,
                    format!("line {line_number} ignores a test without a reason"),
                    "write `#[ignore = \"needs ...\"]`; only a missing environment is a reason",
                ));
            }
            let documentation = line
                .strip_prefix("///")
                .or_else(|| line.strip_prefix("//!"));
            if documentation.is_some_and(|text| text.trim_start().starts_with("```ignore")) {
                findings.push(Finding::new(
                    path,
                    format!("line {line_number} begins an example that nobody compiles"),
                    "use `no_run` or `compile_fail`, or make it run",
                ));
            }
        }
    }
    findings
}

/// Automation is Rust: a shell script has two lines at most.
pub(super) fn short_shell_scripts(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in &repository.files {
        let first_line = text.lines().next().unwrap_or_default();
        let is_script = has_extension(path, "sh")
            || first_line.starts_with("#!") && first_line.trim_end().ends_with("sh");
        let num_lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .count();
        if is_script && MAXIMUM_SCRIPT_LINES < num_lines && !LONG_SCRIPTS.contains(&path.as_str()) {
            findings.push(Finding::new(
                path,
                format!("the script has {num_lines} lines"),
                "make it a command of xtask; a script has two lines at most",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(run: fn(&Repository) -> Vec<Finding>, repository: &Repository, expected: &[&str]) {
        let findings: Vec<String> = run(repository)
            .iter()
            .map(|finding| format!("{}: {}", finding.file, finding.problem))
            .collect();
        assert_eq!(findings, expected);
    }

    #[test]
    fn one_root_of_integration_tests() {
        let good = [
            ("index/tests/it/main.rs", ""),
            ("index/tests/it/golden.rs", ""),
            ("index/tests/guest/src/main.rs", ""),
        ];
        check(
            integration_test_roots,
            &Repository::of_files(&good).with_package("index", &[]),
            &[],
        );
        let two = [
            ("index/tests/it/main.rs", ""),
            ("index/tests/other/main.rs", ""),
        ];
        check(
            integration_test_roots,
            &Repository::of_files(&two).with_package("index", &[]),
            &["index/tests: its roots of integration tests are it/main.rs, other/main.rs"],
        );
        check(
            integration_test_roots,
            &Repository::of_files(&[("index/tests/golden.rs", "")]).with_package("index", &[]),
            &["index/tests: its roots of integration tests are golden.rs"],
        );
    }

    #[test]
    fn unsafe_code_is_listed_by_file() {
        let attribute = "#![allow(unsafe_code, reason = \"the macro\")]\n";
        let broken = "#![allow(\n    unsafe_code,\n    reason = \"the macro\"\n)]\n";
        let files = [
            ("ARCHITECTURE.md", "unsafe code: `a/src/listed.rs`"),
            ("a/src/listed.rs", attribute),
            ("a/src/new.rs", attribute),
            ("a/src/broken.rs", broken),
            ("a/src/prose.rs", "// about unsafe_code, and nothing more"),
        ];
        let problem = "it opts out of the lint `unsafe_code` and ARCHITECTURE.md does not say so";
        let expected = [
            format!("a/src/broken.rs: {problem}"),
            format!("a/src/new.rs: {problem}"),
        ];
        check(
            unsafe_code_is_listed,
            &Repository::of_files(&files),
            &expected.each_ref().map(String::as_str),
        );
    }

    #[test]
    fn ignoring_needs_a_reason() {
        let text = "#[ignore = \"needs a cluster\"]\n#[ignore]\n/// ```ignore\n/// ```no_run\n";
        check(
            ignored_tests_have_a_reason,
            &Repository::of_files(&[("a.rs", text)]),
            &[
                "a.rs: line 2 ignores a test without a reason",
                "a.rs: line 3 begins an example that nobody compiles",
            ],
        );
    }

    #[test]
    fn scripts_are_short() {
        let long = "#!/bin/sh\n# why\none\ntwo\nthree\n";
        let files = [
            (".ci/run", long),
            ("a/long", long),
            ("b.sh", "one\n\ntwo\n"),
            ("c.py", "#!/usr/bin/env python3\n1\n2\n3\n"),
        ];
        check(
            short_shell_scripts,
            &Repository::of_files(&files),
            &["a/long: the script has 3 lines"],
        );
    }
}
