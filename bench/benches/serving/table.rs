//! The table that comes out.

use std::fmt;

/// How a row did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// There is no bar.
    Reported,
    Reached,
    Missed,
    /// Something that it needs is not there.
    NotMeasured,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Reported => "reported",
            Self::Reached => "reached",
            Self::Missed => "MISSED",
            Self::NotMeasured => "NOT MEASURED",
        })
    }
}

/// One line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    what: String,
    bar: String,
    measured: String,
    /// What was measured over the bar: at most 1 is good, also where more is better.
    ratio: Option<f64>,
    verdict: Verdict,
}

impl Row {
    /// Something that is to be at most the bar.
    pub(crate) fn at_most(what: &str, bar: f64, measured: f64, unit: &str, detail: &str) -> Self {
        // Nothing is within a bar of nothing.
        let ratio = if measured == bar { 1.0 } else { measured / bar };
        Self::judged(what, format!("at most {} {unit}", number(bar)), ratio)
            .showing(measured, unit, detail)
    }

    /// Something that is to be at least the bar.
    pub(crate) fn at_least(what: &str, bar: f64, measured: f64, unit: &str, detail: &str) -> Self {
        Self::judged(
            what,
            format!("at least {} {unit}", number(bar)),
            bar / measured,
        )
        .showing(measured, unit, detail)
    }

    /// Something without a bar.
    pub(crate) fn reported(what: &str, measured: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            bar: String::new(),
            measured: measured.into(),
            ratio: None,
            verdict: Verdict::Reported,
        }
    }

    /// Something that could not be measured.
    pub(crate) fn not_measured(what: &str, why: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::NotMeasured,
            ..Self::reported(what, why)
        }
    }

    fn judged(what: &str, bar: String, ratio: f64) -> Self {
        Self {
            what: what.to_owned(),
            bar,
            measured: String::new(),
            ratio: Some(ratio),
            verdict: if ratio <= 1.0 {
                Verdict::Reached
            } else {
                Verdict::Missed
            },
        }
    }

    fn showing(mut self, measured: f64, unit: &str, detail: &str) -> Self {
        self.measured = format!("{} {unit}", number(measured));
        if !detail.is_empty() {
            self.measured = format!("{} ({detail})", self.measured);
        }
        self
    }
}

/// With as many digits as anybody reads.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ if value.fract() == 0.0 => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}

/// As Markdown, for the README.
pub(crate) fn print(rows: &[Row]) {
    let ratio = |row: &Row| {
        row.ratio
            .map_or(String::new(), |ratio| format!("{ratio:.2}"))
    };
    let cells: Vec<[String; 5]> = rows
        .iter()
        .map(|row| {
            [
                row.what.clone(),
                row.bar.clone(),
                row.measured.clone(),
                ratio(row),
                row.verdict.to_string(),
            ]
        })
        .collect();
    let heads = ["what", "bar", "measured", "of the bar", ""].map(str::to_owned);
    let width = |column: usize| {
        let cells = cells
            .iter()
            .chain([&heads])
            .map(|cells| cells[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths = [0, 1, 2, 3, 4].map(width);
    let line = |cells: &[String; 5]| {
        let padded = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        println!("| {} |", padded.collect::<Vec<_>>().join(" | "));
    };
    line(&heads);
    line(&widths.map(|width| "-".repeat(width)));
    cells.iter().for_each(line);
}
