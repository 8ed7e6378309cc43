//! Fetches MovieLens from its publisher, for those with a network.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::ImportError;
use crate::atomic_file::write_atomically;
use crate::digest::file_digest;

/// Where `GroupLens` publishes MovieLens.
pub const GROUPLENS: &str = "https://files.grouplens.org/datasets/movielens";

/// The releases that can be fetched: `latest-small` is `ml-latest-small.zip`.
pub const RELEASES: [&str; 8] = [
    "latest-small",
    "latest",
    "100k",
    "1m",
    "10m",
    "20m",
    "25m",
    "32m",
];

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A file that was fetched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Download {
    /// The archive, ready to be a source.
    pub path: PathBuf,
    /// Its length.
    pub len_bytes: u64,
    /// Its SHA-256, in lower-case hexadecimal digits.
    pub sha256: String,
}

/// Fetches a release from `site`, which is [`GROUPLENS`] outside of tests, into `folder`. An archive that is there already is kept as it is.
///
/// # Errors
/// [`ImportError::Download`] where the release is unknown, or the site cannot be reached.
pub fn download(site: &str, release: &str, folder: &Path) -> Result<Download, ImportError> {
    let url = format!("{site}/ml-{release}.zip");
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| ImportError::Download {
        url: url.clone(),
        source,
    };
    if !RELEASES.contains(&release) {
        return Err(failed(
            format!(
                "there is no release `{release}`; there are {}",
                RELEASES.join(", ")
            )
            .into(),
        ));
    }
    let path = folder.join(format!("ml-{release}.zip"));
    if !path.exists() {
        fetch(&url, &path).map_err(failed)?;
    }
    let (len_bytes, sha256) = file_digest(&path).map_err(|error| failed(error.into()))?;
    Ok(Download {
        path,
        len_bytes,
        sha256,
    })
}

fn fetch(url: &str, path: &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .build()
        .into();
    let mut response = agent.get(url).call()?;
    let mut content = response.body_mut().as_reader();
    write_atomically(path, |file| -> io::Result<()> {
        io::copy(&mut content, file)?;
        file.flush()
    })?;
    Ok(())
}
