//! Posters by IMDb id, from OMDb.
//!
//! Nothing here can stop an import: a film without a poster is drawn by the frontend. What was found, or found to be absent, is kept in a file of
//! the working folder, so that an import that was interrupted, or that met the service's daily limit, goes on where it was.

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use index::catalogue::Value;
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;

/// After so many failures in a row the service is taken to be away.
const MAXIMUM_FAILURES_IN_A_ROW: u32 = 5;

/// Longer than the service ever takes when it works.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How the search for posters went.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct PosterReport {
    /// Items with a poster now.
    pub with_poster: u64,
    /// Items that were asked for.
    pub asked: u64,
    /// Questions that failed.
    pub failed: u64,
    /// Items that nobody has asked for yet; the next import does.
    pub left: u64,
    /// Why the search ended early, if it did.
    pub stopped: Option<String>,
}

impl fmt::Display for PosterReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            with_poster,
            asked,
            failed,
            left,
            stopped,
        } = self;
        write!(
            formatter,
            "posters: {with_poster} found, {asked} asked for now, {failed} failed, {left} left"
        )?;
        stopped
            .as_ref()
            .map_or(Ok(()), |reason| write!(formatter, "; stopped: {reason}"))
    }
}

/// One line of the file that remembers answers.
#[derive(Deserialize, Serialize)]
struct Answer {
    imdb_id: String,
    /// Empty: there is no poster.
    image: String,
}

/// What the service says of a film.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Film {
    #[serde(default)]
    poster: String,
    #[serde(default)]
    error: String,
}

impl Film {
    /// Whether the service says that it does not know the film, and not only that it could not answer: `Movie not found!`, `Incorrect IMDb ID.`,
    /// `Error: Series or episode not found!`.
    fn is_unknown(&self) -> bool {
        let error = self.error.to_lowercase();
        error.contains("not found") || error.contains("incorrect imdb id")
    }
}

/// Fills `image` of every item that has an `imdb_id` and no image, from `cache` or else from the service.
pub fn find_posters(
    dataset: &mut Dataset,
    settings: &config::Posters,
    key: &str,
    cache: &Path,
) -> PosterReport {
    let mut report = PosterReport::default();
    let mut search = match Search::open(settings, key, cache) {
        Ok(search) => search,
        Err(error) => {
            report.stopped = Some(format!("{}: {error}", cache.display()));
            return report;
        }
    };
    let text = |item: &crate::dataset::Item, field: &str| match item.fields.get(field) {
        Some(Value::Text(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    for item in &mut dataset.items {
        if text(item, "image").is_some() {
            report.with_poster += 1;
        } else if let Some(imdb_id) = text(item, "imdb_id") {
            match search.poster(&imdb_id, &mut report) {
                Some(image) if !image.is_empty() => {
                    report.with_poster += 1;
                    item.fields.insert("image".to_owned(), Value::Text(image));
                }
                Some(_) => {}
                None => report.left += 1,
            }
        }
    }
    report
}

struct Search<'a> {
    settings: &'a config::Posters,
    key: &'a str,
    /// The key as an address has it.
    encoded_key: String,
    agent: ureq::Agent,
    answers: HashMap<String, String>,
    file: File,
    next_request: Instant,
    num_failures_in_a_row: u32,
}

impl<'a> Search<'a> {
    fn open(settings: &'a config::Posters, key: &'a str, cache: &Path) -> io::Result<Self> {
        if let Some(folder) = cache.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(cache)?;
        let text = io::read_to_string(&mut file).unwrap_or_default();
        // A line that was cut off when an import was interrupted is asked for again.
        let answers = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Answer>(line).ok());
        let answers = answers
            .map(|answer| (answer.imdb_id, answer.image))
            .collect();
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n")?;
        }
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .build()
            .into();
        let next_request = Instant::now();
        Ok(Self {
            settings,
            key,
            encoded_key: percent_encoded(key),
            agent,
            answers,
            file,
            next_request,
            num_failures_in_a_row: 0,
        })
    }

    /// The poster's address, empty where there is none; nothing where that is not known yet.
    fn poster(&mut self, imdb_id: &str, report: &mut PosterReport) -> Option<String> {
        if let Some(image) = self.answers.get(imdb_id) {
            return Some(image.clone());
        }
        if report.stopped.is_some() {
            return None;
        }
        if u64::from(self.settings.maximum_requests) <= report.asked {
            report.stopped = Some(format!(
                "{} requests were allowed",
                self.settings.maximum_requests
            ));
            return None;
        }
        std::thread::sleep(self.next_request.saturating_duration_since(Instant::now()));
        let pause =
            Duration::from_secs_f64((1.0 / self.settings.maximum_requests_per_second).min(3600.0));
        self.next_request = Instant::now() + pause;
        report.asked += 1;
        match self.ask(imdb_id) {
            Ok(image) => {
                self.num_failures_in_a_row = 0;
                self.remember(imdb_id, &image, report);
                Some(image)
            }
            Err(Failure::Passing(reason)) => {
                let reason = self.without_key(&reason);
                report.failed += 1;
                self.num_failures_in_a_row += 1;
                if self.num_failures_in_a_row == MAXIMUM_FAILURES_IN_A_ROW {
                    report.stopped = Some(format!(
                        "{MAXIMUM_FAILURES_IN_A_ROW} failures in a row: {reason}"
                    ));
                }
                None
            }
            Err(Failure::Refused(reason)) => {
                report.failed += 1;
                report.stopped = Some(self.without_key(&reason));
                None
            }
        }
    }

    fn ask(&self, imdb_id: &str) -> Result<String, Failure> {
        let passing = |error: ureq::Error| Failure::Passing(error.to_string());
        let request = self.agent.get(format!("{}/", self.settings.service));
        let mut response = request
            .query("i", imdb_id)
            .query_raw("apikey", &self.encoded_key)
            .call()
            .map_err(passing)?;
        let status = response.status().as_u16();
        let body = response.body_mut().read_to_string().map_err(passing)?;
        let film = serde_json::from_str::<Film>(&body);
        match (status, film) {
            (200, Ok(film)) if film.poster.starts_with("http") => Ok(film.poster),
            (200, Ok(film)) if film.poster == "N/A" || film.is_unknown() => Ok(String::new()),
            // Such as `Error getting data.`: the service answers so where it fails itself, and may know the film tomorrow.
            (200, Ok(film)) => Err(Failure::Passing(format!(
                "an answer without a poster: {}",
                film.error
            ))),
            (401 | 403, film) => {
                let reason = film.map(|film| film.error).unwrap_or_default();
                Err(Failure::Refused(format!(
                    "the service refuses the key: {reason}"
                )))
            }
            (200, Err(error)) => Err(Failure::Passing(format!("the answer is no JSON: {error}"))),
            (status, _) => Err(Failure::Passing(format!("status {status}"))),
        }
    }

    /// A reason that may be shown: the client's errors may name the address, which holds the key, and the service may repeat it.
    fn without_key(&self, reason: &str) -> String {
        reason
            .replace(&self.encoded_key, "...")
            .replace(self.key, "...")
    }

    fn remember(&mut self, imdb_id: &str, image: &str, report: &mut PosterReport) {
        let answer = Answer {
            imdb_id: imdb_id.to_owned(),
            image: image.to_owned(),
        };
        let written = serde_json::to_string(&answer)
            .map_err(io::Error::from)
            .and_then(|line| self.file.write_all(format!("{line}\n").as_bytes()));
        if let Err(error) = written {
            // Going on would ask for everything again the next time.
            report.stopped = Some(format!("the answers cannot be kept: {error}"));
        }
        self.answers.insert(answer.imdb_id, answer.image);
    }
}

enum Failure {
    /// This question failed; the next one may not.
    Passing(String),
    /// The service wants no more questions.
    Refused(String),
}

/// Every byte but letters and digits as `%` and its number, which any server understands.
fn percent_encoded(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    encoded.collect()
}
