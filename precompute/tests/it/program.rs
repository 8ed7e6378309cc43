//! Running the program in a folder of its own.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with a MovieLens source in it, gone with the value.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    /// A folder with `ml/ratings.csv` and `ml/movies.csv`: thirty people who like films of the same parity as their own number.
    pub(crate) fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let mut movies = "movieId,title,genres\n".to_owned();
        for film in 1..=20 {
            let genre = ["Drama", "Comedy"][film % 2];
            writeln!(movies, "{film},Film {film} (19{:02}),{genre}", 50 + film).unwrap();
        }
        let mut ratings = "userId,movieId,rating,timestamp\n".to_owned();
        for user in 1..=30 {
            for film in (1..=20).filter(|film| film % 2 == user % 2 && (user + film * 3) % 5 != 0) {
                writeln!(ratings, "{user},{film},4.5,{}", 1_000_000_000 + user * film).unwrap();
            }
        }
        place.write("ml/movies.csv", &movies);
        place.write("ml/ratings.csv", &ratings);
        place
    }

    /// Writes a file of the folder.
    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// A path within the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program in the folder, without what the surroundings may set.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_precompute"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_remove("KINDRED_CONFIG")
            .env_remove("KINDRED_WORK")
            .env_remove("OMDB_API_KEY")
            .env("COLUMNS", "100");
        command
    }

    /// Runs the program in the folder.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::of(&self.command(args).output().unwrap(), self.folder.path())
    }
}

/// What a run said and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    fn of(output: &Output, folder: &Path) -> Self {
        let text = |bytes: &[u8]| {
            String::from_utf8(bytes.to_vec())
                .unwrap()
                .replace(&*folder.to_string_lossy(), "[folder]")
        };
        Self {
            status: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// The run, which must have ended well.
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.status, Some(0), "{}", self.stderr);
        self
    }
}
