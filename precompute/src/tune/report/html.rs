use std::fmt::Write as _;

use super::plot::scatter_plot;
use super::{conclusion, introduction, sign};
use crate::evaluate::report::{begin_page, escaped};
use crate::tune::Tuning;

const MARKS: &str = "\
.trial{fill:#8a8a8a}.chosen{fill:#c9812b}.configured{fill:#3566b8}td,th{white-space:nowrap}";

/// The trials as a page of its own: for each model a table, the best first, and a plot a parameter. Nothing is fetched, and no script runs.
pub fn html(title: &str, tunings: &[Tuning]) -> String {
    let mut page = String::new();
    write_page(title, tunings, &mut page).unwrap_or_default();
    page
}

fn write_page(title: &str, tunings: &[Tuning], page: &mut String) -> std::fmt::Result {
    let title = format!("{}: what was tried", escaped(title));
    begin_page(&title, MARKS, page)?;
    for tuning in tunings {
        writeln!(page, "<h2>{}</h2>", escaped(tuning.space.subject.name()))?;
        for sentence in introduction(tuning) {
            writeln!(page, "<p>{}</p>", escaped(&sentence))?;
        }
        writeln!(page, "<p>{}</p>", escaped(&conclusion(tuning)))?;
        for parameter in 0..tuning.space.parameters.len() {
            let caption = escaped(tuning.space.parameters[parameter].key);
            let plot = scatter_plot(tuning, parameter);
            writeln!(
                page,
                "<figure>\n<figcaption>{caption}</figcaption>\n{plot}</figure>"
            )?;
        }
        write_table(tuning, page)?;
    }
    writeln!(page, "</html>")
}

fn write_table(tuning: &Tuning, page: &mut String) -> std::fmt::Result {
    let measure = &tuning.measure;
    write!(
        page,
        "<div class=\"wide\"><table>\n<tr><th scope=\"col\">{}</th><th scope=\"col\">Bytes {}</th><th scope=\"col\">Seconds</th>",
        escaped(&measure.name),
        measure.len_of
    )?;
    for parameter in &tuning.space.parameters {
        write!(page, "<th scope=\"col\">{}</th>", escaped(parameter.name()))?;
    }
    writeln!(page, "<th></th></tr>")?;
    for place in tuning.ranking() {
        let trial = &tuning.trials[place];
        let (quality, len, note) = match (tuning.quality(trial), &trial.outcome) {
            (Some(quality), Ok(measured)) => (
                format!(
                    "{:.4}<small>{:.4} to {:.4}</small>",
                    quality.mean, quality.low, quality.high
                ),
                format!("{:.0}", measured.len_bytes),
                sign(tuning, place),
            ),
            (_, Err(message)) => ("failed".to_owned(), String::new(), message.as_str()),
            (None, Ok(_)) => continue,
        };
        write!(
            page,
            "<tr><td>{quality}</td><td>{len}</td><td>{:.1}</td>",
            trial.seconds
        )?;
        for (parameter, &value) in tuning.space.parameters.iter().zip(&trial.values) {
            write!(page, "<td>{}</td>", escaped(&parameter.shown(value)))?;
        }
        writeln!(page, "<td>{}</td></tr>", escaped(note))?;
    }
    writeln!(page, "</table></div>")
}
