//! The job as a program, which publishes to a bucket of its own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use host::s3;
use serde_json::Value;
use tempfile::TempDir;

use crate::bucket::Bucket;

/// A folder with a configuration, and a bucket beside it; both gone with the value.
pub(crate) struct Job {
    pub(crate) bucket: Bucket,
    folder: TempDir,
}

/// How a run of the program ended, and what it said.
pub(crate) struct Run {
    status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Job {
    /// A job with an empty bucket.
    pub(crate) fn new(configuration: &str) -> Self {
        let job = Self {
            bucket: Bucket::start(),
            folder: tempfile::tempdir().unwrap(),
        };
        job.configure(configuration);
        job
    }

    /// Puts another configuration in the place of the first.
    pub(crate) fn configure(&self, configuration: &str) {
        fs::write(self.path(config::FILE_NAME), configuration).unwrap();
    }

    /// A path within its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program with these arguments, which spaces separate, without what the surroundings may set.
    pub(crate) fn run(&self, arguments: &str) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_job"))
            .args(arguments.split(' '))
            .args(["--endpoint", &self.bucket.url()])
            .current_dir(self.folder.path())
            .env_remove("KINDRED_CONFIG")
            .env_remove("KINDRED_WORK")
            .env_remove("OMDB_API_KEY")
            .env("AWS_ACCESS_KEY_ID", s3::DEFAULT_ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", s3::DEFAULT_SECRET_KEY)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run {
            status: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Runs the program, which must end well, and gives what it wrote to stdout.
    pub(crate) fn done(&self, arguments: &str) -> String {
        let run = self.run(arguments);
        assert_eq!(run.status, Some(0), "{arguments}: {}", run.stderr);
        run.stdout
    }

    /// Runs the program, which must refuse with this status, and say so.
    pub(crate) fn refused(&self, arguments: &str, status: i32, says: &str) {
        let run = self.run(arguments);
        assert_eq!(run.status, Some(status), "{arguments}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{arguments}: {}", run.stderr);
    }

    /// The pointer as the bucket has it.
    pub(crate) fn published(&self) -> Value {
        serde_json::from_str(&self.done("inspect --json")).unwrap()
    }
}
