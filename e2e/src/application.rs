//! The application as it was built: its functions, and its manifest with other files of them.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the whole project.
pub fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the crate lies in the workspace")
}

/// The file of a built function.
///
/// # Panics
///
/// When it is not there: without it a test would prove nothing and a measurement measure nothing.
pub fn function(name: &str) -> PathBuf {
    let path = workspace().join(format!("target/functions/{name}.wasm"));
    assert!(
        path.exists(),
        "{} is not there: run `cargo xtask functions`",
        path.display()
    );
    path
}

/// The functions of the root's `spin.toml`.
pub const FUNCTIONS: [&str; 6] = [
    "recommend",
    "browse",
    "search",
    "predict",
    "aliases",
    "catalog",
];

/// The line of a manifest that names a component's file.
pub fn source(path: &Path) -> String {
    format!("source = {:?}\n", path.display().to_string())
}

/// The root's `spin.toml` with these lines in the place of each function's own `source`, so that it can lie anywhere.
///
/// # Panics
///
/// When it does not name the functions, which nobody would notice otherwise.
pub fn manifest(lines_of: impl Fn(&str) -> String) -> String {
    let path = workspace().join("spin.toml");
    let mut manifest = fs::read_to_string(path).expect("the application is there");
    for name in FUNCTIONS {
        let built = format!("source = \"target/functions/{name}.wasm\"\n");
        assert!(manifest.contains(&built), "spin.toml has {built}");
        manifest = manifest.replace(&built, &lines_of(name));
    }
    manifest
}
