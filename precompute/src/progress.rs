//! What a run tells while it works: bars on a terminal, lines in a pipe, JSON lines for programs. All of it goes to stderr; stdout is data.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

/// How progress is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum ProgressForm {
    /// A bar a stage, drawn over and over.
    Bars,
    /// A line when a stage begins and one when it ends.
    Lines,
    /// A JSON object a line: `event` is begin, progress, note, end or error.
    Json,
    /// Errors only.
    None,
}

/// Between two reports of the same stage.
const MIN_REPORT_INTERVAL: Duration = Duration::from_millis(500);

/// Tells of stages and what they found.
#[derive(Debug)]
pub struct Progress {
    form: ProgressForm,
    bars: MultiProgress,
}

impl Progress {
    /// Shows progress in a form; without one, bars where stderr is a terminal and lines elsewhere.
    pub fn new(form: Option<ProgressForm>) -> Self {
        let form = form.unwrap_or_else(|| {
            if std::io::stderr().is_terminal() {
                ProgressForm::Bars
            } else {
                ProgressForm::Lines
            }
        });
        Self {
            form,
            bars: MultiProgress::new(),
        }
    }

    /// Begins a stage of a collection.
    pub fn begin<'a>(&'a self, collection: &'a str, stage: &'static str) -> Stage<'a> {
        let bar = match self.form {
            ProgressForm::Bars => {
                let bar = self.bars.add(ProgressBar::new_spinner());
                bar.set_style(
                    ProgressStyle::with_template("{spinner} {prefix} {elapsed} {wide_bar} {msg}")
                        .expect("the template is a constant that a test draws"),
                );
                bar.set_prefix(format!("{collection}: {stage}"));
                bar.enable_steady_tick(Duration::from_millis(100));
                Some(bar)
            }
            ProgressForm::Lines => {
                self.line(&format!("{collection}: {stage} ..."));
                None
            }
            ProgressForm::Json => {
                self.event(json!({ "event": "begin", "collection": collection, "stage": stage }));
                None
            }
            ProgressForm::None => None,
        };
        let now = Instant::now();
        Stage {
            progress: self,
            collection,
            stage,
            bar,
            begun: now,
            reported: Mutex::new(now),
        }
    }

    /// Tells of the error that ends the run, with all its causes.
    pub fn error(&self, error: &anyhow::Error, exit_status: u8) {
        if self.form == ProgressForm::Json {
            let message = format!("{error:#}");
            self.event(json!({ "event": "error", "message": message, "exit_status": exit_status }));
        } else {
            self.line(&format!("error: {error:#}"));
        }
    }

    fn line(&self, text: &str) {
        // Whoever closed stderr does not want to hear of it.
        let write = || drop(writeln!(std::io::stderr().lock(), "{text}"));
        self.bars.suspend(write);
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers write the object in place"
    )]
    fn event(&self, event: Value) {
        self.line(&event.to_string());
    }
}

/// A stage that is under way. It ends with [`Stage::end`]; one that is dropped before has failed, and the error says so.
#[derive(Debug)]
#[expect(
    clippy::struct_field_names,
    reason = "the stage of a stage is its name, as in the events"
)]
pub struct Stage<'a> {
    progress: &'a Progress,
    collection: &'a str,
    stage: &'static str,
    bar: Option<ProgressBar>,
    begun: Instant,
    reported: Mutex<Instant>,
}

impl Stage<'_> {
    /// Tells how far the stage is; from any thread, as often as one likes.
    pub fn advance(&self, done: usize, total: usize, unit: &str) {
        if let Some(bar) = &self.bar {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
            bar.set_message(format!("{done} of {total} {unit}"));
            return;
        }
        if self.progress.form != ProgressForm::Json {
            return;
        }
        let now = Instant::now();
        match self.reported.lock() {
            Ok(mut reported) if MIN_REPORT_INTERVAL <= now - *reported => *reported = now,
            _ => return,
        }
        self.progress.event(json!({
            "event": "progress", "collection": self.collection, "stage": self.stage,
            "done": done, "total": total, "unit": unit,
        }));
    }

    /// Tells something that a person should know, such as what was odd in the source.
    pub fn note(&self, text: impl Display) {
        let Self {
            progress,
            collection,
            stage,
            ..
        } = self;
        match progress.form {
            ProgressForm::None => {}
            ProgressForm::Bars | ProgressForm::Lines => {
                for line in text.to_string().lines() {
                    progress.line(&format!("{collection}: {line}"));
                }
            }
            ProgressForm::Json => progress.event(json!({
                "event": "note", "collection": collection, "stage": stage, "text": text.to_string(),
            })),
        }
    }

    /// Ends the stage well, with what came out of it in a few words.
    pub fn end(self, summary: impl Display) {
        let Self {
            progress,
            collection,
            stage,
            ..
        } = &self;
        let seconds = self.begun.elapsed().as_secs_f64();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        match progress.form {
            ProgressForm::None => {}
            ProgressForm::Bars | ProgressForm::Lines => {
                progress.line(&format!(
                    "{collection}: {stage}: {summary} ({seconds:.1} s)"
                ));
            }
            ProgressForm::Json => progress.event(json!({
                "event": "end", "collection": collection, "stage": stage,
                "seconds": (seconds * 1000.0).round() / 1000.0, "summary": summary.to_string(),
            })),
        }
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A length for people: `12.3 MB`.
pub fn megabytes(len_bytes: u64) -> String {
    match len_bytes {
        0..1_000 => format!("{len_bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", len_bytes as f64 / 1e3),
        _ => format!("{:.1} MB", len_bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_told_in_every_form() {
        for form in [ProgressForm::Bars, ProgressForm::Lines, ProgressForm::Json] {
            let progress = Progress::new(Some(form));
            let stage = progress.begin("movies", "import");
            stage.advance(1, 2, "files");
            stage.note("one\ntwo");
            stage.end("done");
        }
    }

    #[test]
    fn lengths_have_units() {
        assert_eq!(megabytes(999), "999 bytes");
        assert_eq!(megabytes(1_500), "1.5 kB");
        assert_eq!(megabytes(119_000_000), "119.0 MB");
    }
}
