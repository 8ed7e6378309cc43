use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Measured, Space, Trial, TuneError};
use crate::atomic_file::write_bytes_atomically;
use crate::digest::sha256_hex;
use crate::fingerprints::fingerprint;

/// What was ever measured for a collection: a JSON object a line, added as soon as a trial is done.
///
/// A trial counts again where everything but the values that were tried is as it was: the data, the protocol, the other settings, the program. What was measured
/// otherwise stays in the file and counts for nothing.
#[derive(Debug)]
pub struct TrialLog {
    path: PathBuf,
    lines: Vec<Line>,
    /// The fingerprint of what decides a measurement beside the settings.
    protocol: String,
    /// What could not be read, for people.
    pub notes: Vec<String>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Line {
    subject: String,
    fingerprint: String,
    values: BTreeMap<String, String>,
    seconds: f64,
    len_bytes: f64,
    quality: Vec<f64>,
}

impl TrialLog {
    /// Reads the file, if there is one. `protocol` is what decides a measurement beside the settings: the data, and who is asked.
    ///
    /// A line that cannot be read is left out, with a note; one that was cut off is taken out of the file.
    pub fn open(path: &Path, protocol: &str) -> Result<Self, TuneError> {
        let cannot = |source| TuneError::Log {
            path: path.to_owned(),
            source,
        };
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other.map_err(cannot)?,
        };
        let mut notes = Vec::new();
        let complete_len = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let complete = &bytes[..complete_len];
        if complete_len < bytes.len() {
            notes.push("the last trial was cut off, and is made again".to_owned());
            write_bytes_atomically(path, complete).map_err(cannot)?;
        }
        let (mut lines, mut num_damaged) = (Vec::new(), 0);
        for line in complete
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            match serde_json::from_slice(line) {
                Ok(line) => lines.push(line),
                Err(_) => num_damaged += 1,
            }
        }
        if 0 < num_damaged {
            notes.push(format!(
                "{num_damaged} lines of {} are damaged, and count for nothing",
                path.display()
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            lines,
            protocol: fingerprint(&[protocol]),
            notes,
        })
    }

    /// How many trials of a space are remembered, and how many of its subject were made with other data, another protocol or other settings.
    pub fn count(&self, space: &Space) -> (usize, usize) {
        let fingerprint = self.fingerprint(space);
        let of_subject = |line: &&Line| line.subject == space.subject.name();
        let (same, other): (Vec<&Line>, _) = self
            .lines
            .iter()
            .filter(of_subject)
            .partition(|line| line.fingerprint == fingerprint);
        (same.len(), other.len())
    }

    /// The trial of these values, if it was made.
    pub(super) fn remembered(&self, space: &Space, values: &[f64]) -> Option<Trial> {
        let fingerprint = self.fingerprint(space);
        let shown = shown(space, values);
        let line = self
            .lines
            .iter()
            .find(|line| line.fingerprint == fingerprint && line.values == shown)?;
        Some(Trial {
            values: values.to_vec(),
            outcome: Ok(Measured {
                quality: line.quality.clone(),
                len_bytes: line.len_bytes,
            }),
            seconds: line.seconds,
        })
    }

    /// Writes a trial down. One that failed is not: it fails again, or the reason is gone.
    pub(super) fn append(&mut self, space: &Space, trial: &Trial) -> Result<(), TuneError> {
        let Ok(Measured { quality, len_bytes }) = trial.outcome.clone() else {
            return Ok(());
        };
        let line = Line {
            subject: space.subject.name().to_owned(),
            fingerprint: self.fingerprint(space),
            values: shown(space, &trial.values),
            seconds: trial.seconds,
            len_bytes,
            quality,
        };
        self.write(&line).map_err(|source| TuneError::Log {
            path: self.path.clone(),
            source,
        })?;
        self.lines.push(line);
        Ok(())
    }

    fn write(&self, line: &Line) -> io::Result<()> {
        fs::create_dir_all(self.path.parent().unwrap_or(Path::new(".")))?;
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path)?;
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        file.write_all(&bytes)?;
        file.sync_data()
    }

    fn fingerprint(&self, space: &Space) -> String {
        let Self { protocol, .. } = self;
        let fixed = space.fixed();
        sha256_hex(format!("{protocol} {} {fixed}", space.subject.name()).as_bytes())
    }
}

fn shown(space: &Space, values: &[f64]) -> BTreeMap<String, String> {
    let values = space.parameters.iter().zip(values);
    values
        .map(|(parameter, &value)| (parameter.key.to_owned(), parameter.shown(value)))
        .collect()
}
