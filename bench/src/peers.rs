//! The peers that are written in Python, in a virtual environment of their own.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python that has these packages, such as `pyfim==6.28`; they are fetched from the package index the first time.
///
/// # Panics
///
/// When there is no Python 3 with `venv`, or no network: a comparison without its peer is none.
pub fn python_with(packages: &[&str]) -> PathBuf {
    let environment = folder().join(packages.join("+").replace("==", "-"));
    let python = environment.join("bin/python");
    let is_complete = environment.join("complete");
    if !is_complete.exists() {
        run(Command::new("python3")
            .args(["-m", "venv"])
            .arg(&environment));
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .args(packages));
        // Written last: an interrupted installation is begun again.
        fs::write(is_complete, "").expect("the environment can be written");
    }
    python
}

/// Runs a program, which is to succeed.
///
/// # Panics
///
/// When it cannot be started or fails.
pub fn run(command: &mut Command) {
    let status = command.status();
    let status = status.unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    assert!(status.success(), "{command:?} failed: {status}");
}

/// Beside what cargo builds, since it can be made anew.
fn folder() -> PathBuf {
    let program = env::current_exe().expect("the system knows this program");
    let target = program.ancestors().find(|folder| folder.ends_with("deps"));
    let target = target.and_then(Path::parent).and_then(Path::parent);
    target
        .map_or_else(env::temp_dir, Path::to_path_buf)
        .join("peers")
}
