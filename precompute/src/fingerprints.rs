//! What each stage's output was made from, so that nothing is done twice.
//!
//! A fingerprint is the hash of everything that decides an output: the settings, the state of the source, the fingerprint of the stage before, and
//! the program itself, since a new one may do better. Every stage notes it, whether `run` does the stage or somebody by hand: it is noted when an output is complete and forgotten before a new one is begun.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::atomic_file::write_bytes_atomically;
use crate::digest::sha256_hex;
use crate::import::names_in_folder;

/// The notes of one collection.
#[derive(Debug)]
pub struct Fingerprints {
    path: PathBuf,
    by_stage: BTreeMap<String, String>,
}

impl Fingerprints {
    /// Reads the notes. Where there are none, or none that can be read, everything is done.
    pub fn read(path: &Path) -> Self {
        let by_stage = fs::read(path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self {
            path: path.to_owned(),
            by_stage: by_stage.unwrap_or_default(),
        }
    }

    /// The fingerprint of a stage's output, if it is complete.
    pub fn of(&self, stage: &str) -> Option<&str> {
        self.by_stage.get(stage).map(String::as_str)
    }

    /// Does a stage, noting what its output was made from.
    pub fn doing<T>(
        &mut self,
        stage: &str,
        fingerprint: &str,
        act: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        if self.by_stage.remove(stage).is_some() {
            self.write()?;
        }
        let output = act()?;
        self.by_stage
            .insert(stage.to_owned(), fingerprint.to_owned());
        self.write()?;
        Ok(output)
    }

    fn write(&self) -> io::Result<()> {
        write_bytes_atomically(&self.path, &serde_json::to_vec_pretty(&self.by_stage)?)
    }
}

/// The fingerprint of what decides an output.
pub fn fingerprint(decisive: &[&str]) -> String {
    let text = decisive.iter().fold(program(), |mut text, part| {
        // The length keeps two lists apart whose texts are the same one after the other.
        write!(text, "\n{} {part}", part.len()).expect("writing to a string cannot fail");
        text
    });
    sha256_hex(text.as_bytes())
}

/// What tells this build of the program from others.
fn program() -> String {
    std::env::current_exe()
        .and_then(|path| file_state(&path))
        .unwrap_or_default()
}

/// Length and time of a file, or of every file in a folder that an import sees, by name.
pub fn file_state(path: &Path) -> io::Result<String> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        let states: Vec<String> = names_in_folder(path)?
            .iter()
            .map(|name| file_state(&path.join(name)))
            .collect::<io::Result<_>>()?;
        return Ok(states.join("\n"));
    }
    let modified = metadata
        .modified()?
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Ok(format!(
        "{} {} {}",
        path.display(),
        metadata.len(),
        modified.as_nanos()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_fails_is_done_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fingerprints.json");
        let mut fingerprints = Fingerprints::read(&path);
        fingerprints.doing("import", "a", || Ok(())).unwrap();
        assert_eq!(Fingerprints::read(&path).of("import"), Some("a"));
        fingerprints
            .doing("import", "b", || anyhow::bail!("no") as anyhow::Result<()>)
            .unwrap_err();
        assert_eq!(Fingerprints::read(&path).of("import"), None);
        fs::write(&path, "nonsense").unwrap();
        assert_eq!(Fingerprints::read(&path).of("import"), None);
    }

    #[test]
    fn a_change_anywhere_changes_the_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("inner/ratings.csv"), "1").unwrap();
        let before = file_state(folder.path()).unwrap();
        assert_eq!(file_state(folder.path()).unwrap(), before);
        fs::write(folder.path().join("inner/ratings.csv"), "12").unwrap();
        assert_ne!(file_state(folder.path()).unwrap(), before);
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_folder_hide_no_change() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        symlink(".", path("loop")).unwrap();
        symlink("nowhere", path("dangling")).unwrap();
        fs::write(path("ratings.csv"), "1").unwrap();
        symlink("ratings.csv", path("linked.csv")).unwrap();
        let before = file_state(folder.path()).unwrap();
        assert_eq!(before.lines().count(), 2, "{before}");
        fs::write(path("ratings.csv"), "12").unwrap();
        assert_ne!(file_state(folder.path()).unwrap(), before);
    }
}
