//! `cargo xtask pin-actions`: replaces the tags of GitHub actions in the workflows by the commits they stand for.
//!
//! A tag can be moved by whoever owns it, a commit cannot. `uses: owner/action@v4` becomes `uses: owner/action@<commit> # v4`; a line that is
//! pinned already is brought to where its tag is today.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{self, say};
use crate::workspace::Workspace;

const WORKFLOWS: &str = ".github/workflows";

/// An action as a workflow names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Action {
    /// `owner/repository`.
    repository: String,
    /// The tag or branch.
    tag: String,
}

/// Asks GitHub for the commits and rewrites every workflow.
pub(crate) fn pin(workspace: &Workspace) -> Result<()> {
    let folder = workspace.root.join(WORKFLOWS);
    let mut commits = BTreeMap::new();
    for entry in
        fs::read_dir(&folder).with_context(|| format!("could not read {}", folder.display()))?
    {
        let path = entry?.path();
        if !path
            .extension()
            .is_some_and(|extension| extension == "yml" || extension == "yaml")
        {
            continue;
        }
        let text = fs::read_to_string(&path)
            .with_context(|| format!("could not read {}", path.display()))?;
        for action in text.lines().filter_map(|line| Some(parse(line)?.action)) {
            if let Entry::Vacant(place) = commits.entry(action) {
                let commit = look_up(place.key())?;
                say(&format!(
                    "{}@{} is {commit}",
                    place.key().repository,
                    place.key().tag
                ));
                place.insert(commit);
            }
        }
        let pinned = rewrite(&text, &commits);
        fs::write(&path, pinned).with_context(|| format!("could not write {}", path.display()))?;
    }
    Ok(())
}

fn look_up(action: &Action) -> Result<String> {
    let url = format!("https://github.com/{}", action.repository);
    let answer = process::output_of(Command::new("git").args([
        "ls-remote",
        &url,
        &action.tag,
        &format!("{}^{{}}", action.tag),
    ]))?;
    let Some(commit) = commit_of(&answer, &action.tag) else {
        bail!("{url} has no tag or branch `{}`", action.tag);
    };
    Ok(commit.to_owned())
}

/// The commit that a tag or branch stands for, in what `git ls-remote` wrote. An annotated tag is an object of its own; the line with `^{}` has
/// the commit behind it.
fn commit_of<'text>(ls_remote: &'text str, name: &str) -> Option<&'text str> {
    let reference = |wanted: String| {
        let (commit, _) = ls_remote
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .find(|(_, reference)| *reference == wanted)?;
        is_commit(commit).then_some(commit)
    };
    reference(format!("refs/tags/{name}^{{}}"))
        .or_else(|| reference(format!("refs/tags/{name}")))
        .or_else(|| reference(format!("refs/heads/{name}")))
}

/// A `uses:` line, taken apart.
struct UsesLine<'line> {
    /// What stands before the `@`.
    start: &'line str,
    action: Action,
}

fn parse(line: &str) -> Option<UsesLine<'_>> {
    let (before, path) = line.split_once("uses: ")?;
    let is_key = before.trim().is_empty() || before.trim() == "-";
    let (path, version) = path.split_once('@')?;
    let mut names = path.split('/');
    let repository = format!("{}/{}", names.next()?, names.next()?);
    let (version, comment) = version.split_once('#').unwrap_or((version, ""));
    let tag = if is_commit(version.trim()) {
        comment.split_whitespace().next()?
    } else {
        version.trim()
    };
    let is_remote = is_key && !path.starts_with('.') && !path.contains(':');
    is_remote.then(|| UsesLine {
        start: line.split_once('@').map_or(line, |(start, _)| start),
        action: Action {
            repository,
            tag: tag.to_owned(),
        },
    })
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn rewrite(workflow: &str, commits: &BTreeMap<Action, String>) -> String {
    let pinned = |line: &str| {
        let UsesLine { start, action } = parse(line)?;
        let commit = commits.get(&action)?;
        Some(format!("{start}@{commit} # {}", action.tag))
    };
    let lines = workflow
        .lines()
        .map(|line| pinned(line).unwrap_or_else(|| line.to_owned()) + "\n");
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG_OBJECT: &str = "1111111111111111111111111111111111111111";
    const COMMIT: &str = "2222222222222222222222222222222222222222";
    const OLD_COMMIT: &str = "3333333333333333333333333333333333333333";

    #[test]
    fn the_commit_behind_an_annotated_tag_is_taken() {
        let answer = format!("{TAG_OBJECT}\trefs/tags/v4\n{COMMIT}\trefs/tags/v4^{{}}\n");
        assert_eq!(commit_of(&answer, "v4"), Some(COMMIT));
        assert_eq!(
            commit_of(&format!("{COMMIT}\trefs/tags/v4\n"), "v4"),
            Some(COMMIT)
        );
        assert_eq!(
            commit_of(&format!("{COMMIT}\trefs/heads/main\n"), "main"),
            Some(COMMIT)
        );
    }

    #[test]
    fn what_is_not_a_commit_is_refused() {
        assert_eq!(commit_of("", "v4"), None);
        assert_eq!(commit_of(&format!("{COMMIT}\trefs/tags/v40\n"), "v4"), None);
        assert_eq!(commit_of("fatal: not found\trefs/tags/v4\n", "v4"), None);
    }

    #[test]
    fn tags_and_old_commits_are_replaced_and_the_rest_stays() {
        let action = |repository: &str, tag: &str| Action {
            repository: repository.to_owned(),
            tag: tag.to_owned(),
        };
        let commits = BTreeMap::from([
            (action("actions/checkout", "v4"), COMMIT.to_owned()),
            (action("github/codeql-action", "v3"), OLD_COMMIT.to_owned()),
        ]);
        let workflow = format!(
            "steps:\n  - uses: actions/checkout@v4\n  - uses: actions/checkout@{OLD_COMMIT} # v4\n    uses: github/codeql-action/init@v3 # why\n  \
             - uses: ./local\n  - uses: other/action@v1\n  # uses: actions/checkout@v4\n"
        );
        let expected = format!(
            "steps:\n  - uses: actions/checkout@{COMMIT} # v4\n  - uses: actions/checkout@{COMMIT} # v4\n    \
             uses: github/codeql-action/init@{OLD_COMMIT} # v3\n  - uses: ./local\n  - uses: other/action@v1\n  # uses: actions/checkout@v4\n"
        );
        assert_eq!(rewrite(&workflow, &commits), expected);
        assert_eq!(
            rewrite(&expected, &commits),
            expected,
            "a second run changes nothing"
        );
    }
}
