use super::{conclusion, introduction, sign};
use crate::tune::Tuning;

/// The trials as a table, the best first, and what came of them.
pub fn text(title: &str, tuning: &Tuning) -> String {
    let mut rows = vec![header(tuning)];
    rows.extend(tuning.ranking().into_iter().map(|place| row(tuning, place)));
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut lines = vec![format!("{title}: {}", tuning.space.subject.name())];
    lines.extend(introduction(tuning));
    lines.push(String::new());
    lines.extend(rows.iter().map(|row| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:>width$}"))
            .collect();
        format!("  {}", cells.join("  ").trim_end())
    }));
    lines.push(String::new());
    lines.push(conclusion(tuning));
    lines.join("\n") + "\n"
}

fn header(tuning: &Tuning) -> Vec<String> {
    let parameters = tuning.space.parameters.iter();
    let mut cells = vec![tuning.measure.name.clone()];
    cells.push(format!("bytes {}", tuning.measure.len_of));
    cells.push("seconds".to_owned());
    cells.extend(parameters.map(|parameter| parameter.name().to_owned()));
    cells.push(String::new());
    cells
}

fn row(tuning: &Tuning, place: usize) -> Vec<String> {
    let trial = &tuning.trials[place];
    let (quality, len) = match (tuning.quality(trial), &trial.outcome) {
        (Some(quality), Ok(measured)) => (
            format!(
                "{:.4} ({:.4} to {:.4})",
                quality.mean, quality.low, quality.high
            ),
            format!("{:.0}", measured.len_bytes),
        ),
        _ => ("failed".to_owned(), String::new()),
    };
    let mut cells = vec![quality, len, format!("{:.1}", trial.seconds)];
    let values = tuning.space.parameters.iter().zip(&trial.values);
    cells.extend(values.map(|(parameter, &value)| parameter.shown(value)));
    let note = trial
        .outcome
        .as_ref()
        .err()
        .map_or_else(|| sign(tuning, place), String::as_str);
    cells.push(note.to_owned());
    cells
}
