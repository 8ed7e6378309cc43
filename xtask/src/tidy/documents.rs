//! The documents: they name what exists, and nothing that exists on one machine alone.

use std::collections::BTreeSet;

use super::{Finding, Repository};

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const CHANGELOG: &str = "CHANGELOG.md";
const README: &str = "README.md";

/// The two commands that do all the set-up. `.ci/run` calls the second exactly as it stands here.
const README_COMMANDS: [&str; 2] = ["cargo up", "cargo xtask test"];

/// Folders that exist on the machine of whoever wrote a line, and not on the reader's.
const MACHINE_PATHS: [&str; 4] = ["/root/", "/work/", "/tmp/", "/home/"];

/// Every crate has an entry in the code map, and every entry has a folder.
pub(super) fn code_map(repository: &Repository) -> Vec<Finding> {
    let entries = code_map_entries(repository.text(ARCHITECTURE));
    let mut findings = Vec::new();
    for package in &repository.packages {
        if !entries.contains(package.folder.as_str()) {
            findings.push(Finding::new(
                ARCHITECTURE,
                format!("the code map has no entry for `{}/`", package.folder),
                format!("add a heading with `{}/` under \"Code map\" and say what is in there and what must always hold", package.folder),
            ));
        }
    }
    for entry in entries {
        if !repository.exists(entry) {
            findings.push(Finding::new(
                ARCHITECTURE,
                format!("the code map has an entry for `{entry}/`, which does not exist"),
                "take the entry away or mend its path",
            ));
        }
    }
    findings
}

/// The folders in backticks in the third-level headings of the section "Code map", without their last slash.
fn code_map_entries(text: &str) -> BTreeSet<&str> {
    let section = text
        .lines()
        .skip_while(|line| *line != "## Code map")
        .skip(1)
        .take_while(|line| !line.starts_with("## "));
    let headings = section.filter_map(|line| line.strip_prefix("### "));
    headings
        .flat_map(|heading| heading.split('`').skip(1).step_by(2))
        .map(|folder| folder.trim_end_matches('/'))
        .collect()
}

/// The changelog begins with what is not released yet.
pub(super) fn changelog(repository: &Repository) -> Vec<Finding> {
    let first_section = repository
        .text(CHANGELOG)
        .lines()
        .find(|line| line.starts_with("## "));
    if first_section == Some("## Unreleased") {
        return Vec::new();
    }
    vec![Finding::new(
        CHANGELOG,
        "the first section is not `## Unreleased`",
        "begin the list of releases with a section `## Unreleased`, where changes are entered as they are merged",
    )]
}

/// The README names the two commands that do all the set-up.
pub(super) fn readme_commands(repository: &Repository) -> Vec<Finding> {
    let text = repository.text(README);
    let is_missing = |command: &&&str| {
        !text.lines().any(|line| {
            line.trim_start_matches("$ ")
                .split(" #")
                .next()
                .map(str::trim)
                == Some(**command)
        })
    };
    README_COMMANDS
        .iter()
        .filter(is_missing)
        .map(|command| {
            Finding::new(
                README,
                format!("there is no line `{command}`"),
                format!("name `{command}` on a line of its own in a block of commands; .ci/run calls what stands there"),
            )
        })
        .collect()
}

/// Relative links lead to something.
pub(super) fn links(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in repository.files_with_extension("md") {
        for target in link_targets(text) {
            let is_elsewhere =
                target.contains("://") || target.starts_with("mailto:") || target.starts_with('#');
            let file = target.split(['#', '?']).next().unwrap_or(target);
            if is_elsewhere || file.is_empty() {
                continue;
            }
            let resolves = resolve(path, file).is_some_and(|resolved| repository.exists(&resolved));
            if !resolves {
                findings.push(Finding::new(
                    path,
                    format!("the link to `{target}` leads nowhere"),
                    "links are relative to the file they stand in; mend the path or take the link away",
                ));
            }
        }
    }
    findings
}

/// What stands in the round brackets of `[text](target "title")`, outside of code.
fn link_targets(text: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    for line in lines_outside_code_blocks(text) {
        // The even pieces between backticks are outside of inline code.
        for piece in line.split('`').step_by(2) {
            for rest in piece.split("](").skip(1) {
                let target = rest.split([')', ' ']).next().unwrap_or("");
                targets.push(target.trim_matches(['<', '>']));
            }
        }
        // A link whose text is code has its bracket in the piece after the code, which begins with `](`.
    }
    targets
}

fn lines_outside_code_blocks(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        inside ^= is_fence;
        !inside && !is_fence
    })
}

/// The path of a link from the root; `None` when it leads out of the repository.
fn resolve(from_file: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from_file.split('/').collect();
    parts.pop();
    if target.starts_with('/') {
        parts.clear();
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Documents have no line that only holds a text's place: one word in capitals, such as `FIGURES`, outside of code.
pub(super) fn placeholders(repository: &Repository) -> Vec<Finding> {
    let is_placeholder = |line: &&str| {
        let letters = line.trim();
        1 < letters.len()
            && letters
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    let mut findings = Vec::new();
    for (path, text) in repository.files_with_extension("md") {
        for line in lines_outside_code_blocks(text).filter(is_placeholder) {
            findings.push(Finding::new(
                path,
                format!("a line says only `{}`", line.trim()),
                "put the text there that the word keeps a place for, or take the line away",
            ));
        }
    }
    findings
}

/// Documents do not name folders of one machine.
pub(super) fn machine_paths(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in repository.files_with_extension("md") {
        for (line_idx, line) in text.lines().enumerate() {
            if let Some(machine_path) = MACHINE_PATHS
                .iter()
                .find(|machine_path| names_root_folder(line, machine_path))
            {
                findings.push(Finding::new(
                    path,
                    format!("line {} names `{machine_path}`", line_idx + 1),
                    "write a path relative to the repository, or one that the reader chooses, such as DIR",
                ));
            }
        }
    }
    findings
}

/// Whether a line has the folder at the start of a path, and not in the middle of one, as in `https://example.org/home/`.
fn names_root_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        !before
            .is_some_and(|character| character.is_alphanumeric() || "._-~}$>".contains(character))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        run: fn(&Repository) -> Vec<Finding>,
        repository: &Repository,
        expected_problems: &[&str],
    ) {
        let findings = run(repository);
        let problems: Vec<&str> = findings
            .iter()
            .map(|finding| finding.problem.as_str())
            .collect();
        assert_eq!(problems, expected_problems);
    }

    #[test]
    fn code_map_and_folders_agree() {
        let text = "## Code map\n\n### `index/`, `functions/kit/`\n\ntext\n\n### `gone/`\n\n## Other\n\n### `not-a-folder/`\n";
        let repository = Repository::of_files(&[
            ("ARCHITECTURE.md", text),
            ("index/Cargo.toml", ""),
            ("functions/kit/Cargo.toml", ""),
        ])
        .with_package("index", &[])
        .with_package("functions/kit", &[])
        .with_package("host", &[]);
        check(
            code_map,
            &repository,
            &[
                "the code map has no entry for `host/`",
                "the code map has an entry for `gone/`, which does not exist",
            ],
        );
    }

    #[test]
    fn changelog_begins_with_unreleased() {
        check(
            changelog,
            &Repository::of_files(&[("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n## 1.0\n")]),
            &[],
        );
        let problem = "the first section is not `## Unreleased`";
        check(
            changelog,
            &Repository::of_files(&[("CHANGELOG.md", "# Changelog\n\n## 1.0\n\n## Unreleased\n")]),
            &[problem],
        );
        check(changelog, &Repository::of_files(&[]), &[problem]);
    }

    #[test]
    fn readme_names_both_commands() {
        check(
            readme_commands,
            &Repository::of_files(&[(
                "README.md",
                "```\ncargo up   # first\n$ cargo xtask test\n```",
            )]),
            &[],
        );
        check(
            readme_commands,
            &Repository::of_files(&[(
                "README.md",
                "cargo up\n\nRun cargo xtask test -- --nocapture",
            )]),
            &["there is no line `cargo xtask test`"],
        );
    }

    #[test]
    fn links_lead_somewhere() {
        let text = "[a](FORMAT.md#x) [`b`](../README.md \"title\") [c](https://x.org/y) [d](#e) [f](src/) `[no](link)`\n\
            ```\n[no](link)\n```\n[g](gone.md) [h](../../out.md)";
        let files = [
            ("index/DOC.md", text),
            ("index/FORMAT.md", ""),
            ("README.md", ""),
            ("index/src/lib.rs", ""),
        ];
        check(
            links,
            &Repository::of_files(&files),
            &[
                "the link to `gone.md` leads nowhere",
                "the link to `../../out.md` leads nowhere",
            ],
        );
    }

    #[test]
    fn placeholders_are_found() {
        let text = "# README\n\nFIGURES\n\nNDCG is one.\n\n```\nHEAD\n```\nKindred\n---\n";
        check(
            placeholders,
            &Repository::of_files(&[("README.md", text)]),
            &["a line says only `FIGURES`"],
        );
    }

    #[test]
    fn machine_paths_are_found() {
        let text = "one\nsee /root/x\nhttps://example.org/home/x and net/work/y\n`/tmp/z`";
        check(
            machine_paths,
            &Repository::of_files(&[("A.md", text), ("a.rs", "/tmp/")]),
            &["line 2 names `/root/`", "line 4 names `/tmp/`"],
        );
    }
}
