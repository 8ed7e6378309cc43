//! Running the program in a folder of its own.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

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
        place.configure(environments);
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../spin.toml");
        std::fs::copy(manifest, place.path("spin.toml")).unwrap();
        place
    }

    /// Gives the application a variable, by its line of the manifest.
    pub(crate) fn declare(&self, variable: &str) {
        let manifest = std::fs::read_to_string(self.path("spin.toml")).unwrap();
        let table = "[variables]\n";
        assert!(manifest.contains(table));
        let manifest = manifest.replacen(table, &format!("{table}{variable}\n"), 1);
        std::fs::write(self.path("spin.toml"), manifest).unwrap();
    }

    /// A path within the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration anew, with other environments beside the two collections.
    pub(crate) fn configure(&self, environments: &str) {
        let config = format!("{COLLECTIONS}{environments}");
        std::fs::write(self.path("kindred.toml"), config).unwrap();
    }

    /// The program, to be run in the folder without what the surroundings may set.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_infra"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_remove("KINDRED_ENVIRONMENT")
            .env("KUBECONFIG", "/dev/null")
            .env("COLUMNS", "100")
            // Nobody is logged in anywhere.
            .env("DOCKER_CONFIG", self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the program in the folder.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, &[])
    }

    /// The same with these variables of the environment.
    pub(crate) fn run_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut command = self.command(args);
        Run::of(command.envs(variables.iter().copied()))
    }
}

impl Run {
    /// Runs a program to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::ended(command.output().unwrap())
    }

    /// The same of a program that has to end with this status.
    #[track_caller]
    pub(crate) fn checked(command: &mut Command, status: i32) -> Self {
        let run = Self::of(command);
        let Self { stdout, stderr, .. } = &run;
        assert_eq!(run.status, Some(status), "{command:?}\n{stdout}\n{stderr}");
        run
    }

    /// What a program left that has ended.
    pub(crate) fn ended(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            status: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// The program, with AWS at an address of our own.
pub(crate) fn on_aws(place: &Place, endpoint: &str, args: &[&str]) -> Command {
    let mut command = place.command(args);
    for variable in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"] {
        command.env_remove(variable);
    }
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", place.path("no-such-file"))
        .env("AWS_SHARED_CREDENTIALS_FILE", place.path("no-such-file"));
    command
}

/// Where a program of others is that a test needs: what a variable names, or what is found by its name. Without it the test says so, and proves nothing.
pub(crate) fn tool(variable: &str, name: &str) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Some(path.into());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).find_map(|folder| {
        let path = folder.join(name);
        path.is_file().then_some(path)
    });
    if found.is_none() {
        let mut standard_error = std::io::stderr();
        let _ = writeln!(
            standard_error,
            "SKIPPED: there is no `{name}`: install it, or name it by {variable}"
        );
    }
    found
}
