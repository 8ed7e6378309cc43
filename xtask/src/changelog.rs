//! `cargo xtask changelog VERSION`: what `CHANGELOG.md` says of a release, which is the text of that release.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

const CHANGELOG: &str = "CHANGELOG.md";

/// Prints the section of a version, without its heading.
#[expect(clippy::print_stdout, reason = "this is the data that was asked for")]
pub(crate) fn print(workspace: &Workspace, version: &str) -> Result<()> {
    let path = workspace.root.join(CHANGELOG);
    let text =
        fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
    let Some(section) = section(&text, version) else {
        bail!(
            "{CHANGELOG} says nothing of {version}: give what stands under \"Unreleased\" the heading `## {version}`, and begin a new section"
        );
    };
    println!("{section}");
    Ok(())
}

/// What stands under the heading of a version, behind which there may be a date; nothing if that is nothing.
fn section<'text>(changelog: &'text str, version: &str) -> Option<&'text str> {
    let headings = changelog.match_indices("\n## ");
    let mut sections = headings.map(|(start, heading)| &changelog[start + heading.len()..]);
    let section = sections.find(|section| section.split_whitespace().next() == Some(version))?;
    let (_, below) = section.split_once('\n')?;
    let below = below.split("\n## ").next().unwrap_or(below).trim();
    (!below.is_empty()).then_some(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_has_the_text_under_its_heading() {
        let changelog = "# Changelog\n\nFor whom.\n\n## Unreleased\n\n## 0.10.0\n\n### Features\n\n- Ten.\n\n## 0.1.0 (2026-11-22)\n\n- One.\n";
        let check = |version, expected| assert_eq!(section(changelog, version), expected);
        check("0.10.0", Some("### Features\n\n- Ten."));
        check("0.1.0", Some("- One."));
        check("Unreleased", None);
        check("0.1", None);
        check("1.0.0", None);
    }
}
