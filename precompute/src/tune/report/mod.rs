//! What was tried, for people: as a table, and as a page with plots.

mod html;
mod plot;
mod text;

pub use html::html;
pub use text::text;

use super::Tuning;

/// What came of it, in a sentence.
fn conclusion(tuning: &Tuning) -> String {
    let (measure, verdict) = (&tuning.measure, &tuning.verdict);
    if tuning.chosen == 0 {
        return "Nothing that was tried is better by more than one standard error, or as good in fewer bytes: what is configured stays.".to_owned();
    }
    format!(
        "For the {} other {}, whom nothing was chosen by: {} {:.4} with the chosen values and {:.4} as configured, a difference of {:+.4} ({:+.4} to {:+.4}). {}",
        verdict.case_count,
        measure.cases,
        measure.name,
        verdict.chosen,
        verdict.configured,
        verdict.gain.mean,
        verdict.gain.low,
        verdict.gain.high,
        if verdict.is_better() {
            "That is more than chance: the chosen values are better."
        } else {
            "That may be chance: the configured values stay."
        }
    )
}

/// What was searched by whom, in sentences.
fn introduction(tuning: &Tuning) -> [String; 2] {
    let measure = &tuning.measure;
    let case_count = tuning.trials.first().map_or(0, |trial| {
        trial
            .outcome
            .as_ref()
            .map_or(0, |measured| measured.quality.len())
    });
    [
        format!(
            "{} trials; {}; the figures are of every other one of {case_count} {}, with 95 % bootstrap intervals.",
            tuning.trials.len(),
            measure.protocol,
            measure.cases
        ),
        format!("{}.", measure.guarantee),
    ]
}

/// A sign for what a trial is: chosen, configured, both or neither.
fn sign(tuning: &Tuning, place: usize) -> &'static str {
    match (place == tuning.chosen, place == 0) {
        (true, true) => "chosen, configured",
        (true, false) => "chosen",
        (false, true) => "configured",
        (false, false) => "",
    }
}
