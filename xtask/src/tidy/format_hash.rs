//! The document of the byte format names the modules that implement it, with a hash over their text. When a module changes, the hash no longer
//! holds, and whoever changed it reads the document again before recording the new one.
//!
//! The document has two comments: `<!-- format-hash: 0123456789abcdef -->`, and `<!-- format-files: src/a.rs src/b.rs -->` with the modules relative to
//! the folder of the document.

use anyhow::{Context, Result, bail};

use super::repository::has_extension;
use super::{Finding, Repository};
use crate::process::say;
use crate::workspace::Workspace;

const DOCUMENT: &str = "index/FORMAT.md";
const FOLDER: &str = "index";
const HASH_START: &str = "<!-- format-hash:";
const FILES_START: &str = "<!-- format-files:";
const COMMENT_END: &str = "-->";
const UPDATE_COMMAND: &str = "cargo xtask tidy --update-format-hash";

/// What the two comments say.
struct Record<'text> {
    hash: &'text str,
    /// Paths from the root.
    files: Vec<String>,
}

impl<'text> Record<'text> {
    fn find(document: &'text str) -> Option<Record<'text>> {
        let words = comment(document, FILES_START)
            .unwrap_or_default()
            .split_whitespace();
        let names = words
            .map(|word| word.trim_matches([',', '.', '`']))
            .filter(|word| has_extension(word, "rs"));
        let files = names.map(|name| format!("{FOLDER}/{name}")).collect();
        Some(Record {
            hash: comment(document, HASH_START)?.trim(),
            files,
        })
    }
}

/// The inside of the comment that begins so.
fn comment<'text>(document: &'text str, start: &str) -> Option<&'text str> {
    let (_, rest) = document.split_once(start)?;
    rest.split_once(COMMENT_END).map(|(inside, _)| inside)
}

/// The recorded hash is that of the modules.
pub(super) fn recorded(repository: &Repository) -> Vec<Finding> {
    if !repository.exists(DOCUMENT) {
        return Vec::new();
    }
    let finding = |problem: String, remedy: String| vec![Finding::new(DOCUMENT, problem, remedy)];
    let Some(record) = Record::find(repository.text(DOCUMENT)) else {
        return finding(
            "there is no hash of the format modules".to_owned(),
            format!(
                "add `{HASH_START} 0 {COMMENT_END}` and `{FILES_START} src/... {COMMENT_END}`, and run `{UPDATE_COMMAND}`"
            ),
        );
    };
    if record.files.is_empty() {
        return finding(
            "the format hash is over no file".to_owned(),
            format!(
                "name the modules of the format in a comment `{FILES_START} src/... {COMMENT_END}`"
            ),
        );
    }
    if let Some(missing) = record
        .files
        .iter()
        .find(|file| !repository.files.contains_key(*file))
    {
        return finding(
            format!("the format hash names `{missing}`, which does not exist"),
            format!("mend the list of modules and run `{UPDATE_COMMAND}`"),
        );
    }
    let hash = hash_of(repository, &record.files);
    if hash == record.hash {
        return Vec::new();
    }
    finding(
        format!(
            "the format modules have changed: their hash is {hash}, recorded is {}",
            record.hash
        ),
        format!(
            "read the document against {} and mend it, then run `{UPDATE_COMMAND}`",
            record.files.join(", ")
        ),
    )
}

/// Writes today's hash into the document.
pub(super) fn update(workspace: &Workspace, repository: &Repository) -> Result<()> {
    let document = repository.text(DOCUMENT);
    let Some(record) = Record::find(document) else {
        bail!("{DOCUMENT} has no comment `{HASH_START} ... {COMMENT_END}`");
    };
    let hash = hash_of(repository, &record.files);
    let old = format!("{HASH_START} {} {COMMENT_END}", record.hash);
    let new = format!("{HASH_START} {hash} {COMMENT_END}");
    let path = workspace.root.join(DOCUMENT);
    std::fs::write(&path, document.replace(&old, &new))
        .with_context(|| format!("could not write {}", path.display()))?;
    say(&format!(
        "{DOCUMENT}: {hash} over {} files",
        record.files.len()
    ));
    Ok(())
}

/// FNV-1a with 64 bits over names and texts. It only has to notice a change, not an attack, and needs no dependency.
fn hash_of(repository: &Repository, files: &[String]) -> String {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut hash = OFFSET_BASIS;
    for file in files {
        for byte in file
            .bytes()
            .chain([0])
            .chain(repository.text(file).bytes())
            .chain([0])
        {
            hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
        }
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: &str = "<!-- format-files: src/a.rs\nsrc/b.rs -->";

    fn repository(document: &str, text_of_a: &str) -> Repository {
        Repository::of_files(&[
            (DOCUMENT, document),
            ("index/src/a.rs", text_of_a),
            ("index/src/b.rs", "b"),
        ])
    }

    fn check(document: &str, expected_problem: &str) {
        let findings = recorded(&repository(document, "one"));
        let problems: Vec<&str> = findings
            .iter()
            .map(|finding| finding.problem.as_str())
            .collect();
        assert_eq!(problems, [expected_problem]);
    }

    #[test]
    fn a_recorded_hash_holds_until_a_module_changes() {
        let hash = hash_of(
            &repository("", "one"),
            &["index/src/a.rs".to_owned(), "index/src/b.rs".to_owned()],
        );
        let document = format!("# Format\n<!-- format-hash: {hash} -->\n{FILES}\n");
        assert_eq!(recorded(&repository(&document, "one")), []);
        let findings = recorded(&repository(&document, "two"));
        assert!(
            findings[0]
                .problem
                .starts_with("the format modules have changed"),
            "{findings:?}"
        );
        assert!(findings[0].remedy.contains(UPDATE_COMMAND), "{findings:?}");
    }

    #[test]
    fn a_document_without_usable_comments_is_found() {
        check("# Format\n", "there is no hash of the format modules");
        check("<!-- format-hash: 0 -->", "the format hash is over no file");
        check(
            "<!-- format-hash: 0 -->\n<!-- format-files: src/c.rs -->",
            "the format hash names `index/src/c.rs`, which does not exist",
        );
    }

    #[test]
    fn without_the_document_there_is_nothing_to_check() {
        assert_eq!(recorded(&Repository::of_files(&[])), []);
    }
}
