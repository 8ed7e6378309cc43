//! Running the program in a folder of its own.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// Two collections, and what everything in a cluster needs.
pub(crate) const COLLECTIONS: &str = "[collections.books]\ntitle = \"Books\"\nsource = \"books\"\n\
    [collections.movies]\ntitle = \"Films\"\nsource = \"films\"\n";

/// A folder with a configuration and the application's manifest, gone with the value.
pub(crate) struct Place {
    folder: TempDir,
}

/// How the program ended, and what it said.
pub(crate) struct Run {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    /// With environments beside two collections.
    pub(crate) fn new(environments: &str) -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let config = format!("{COLLECTIONS}{environments}");
        std::fs::write(place.path("kindred.toml"), config).unwrap();
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../spin.toml");
        std::fs::copy(manifest, place.path("spin.toml")).unwrap();
        place
    }

    /// A path within the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program in the folder, without what the surroundings may set.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, &[])
    }

    /// The same with these variables of the environment.
    pub(crate) fn run_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_infra"))
            .args(args)
            .current_dir(self.folder.path())
            .env_remove("KINDRED_ENVIRONMENT")
            .env("COLUMNS", "100")
            // Nobody is logged in anywhere.
            .env("DOCKER_CONFIG", self.folder.path())
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run {
            status: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}
