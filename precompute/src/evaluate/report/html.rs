use std::fmt::Write as _;

use super::svg::{BarGroup, bar_chart};
use crate::evaluate::{CutoffQuality, Evaluation, Interval, ModelQuality, SearchQuality};

const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;max-width:80rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;margin:1rem 0}th,td{padding:.3rem .8rem .3rem 0;text-align:left;border-bottom:1px solid #ddd;font-variant-numeric:tabular-nums}
small{display:block;white-space:nowrap}.wide{overflow-x:auto}th[scope=row]{font-weight:400;min-width:13rem}
figure{display:inline-block;margin:1rem 2rem 1rem 0}figcaption{font-weight:600}
svg{max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:currentColor}
.grid{stroke:#ddd}.whisker{stroke:#222;stroke-width:1.5}
.model-0{fill:#3566b8;background:#3566b8}.model-1{fill:#c9812b;background:#c9812b}.model-2{fill:#8a8a8a;background:#8a8a8a}.model-3{fill:#4f9d69;background:#4f9d69}
.swatch{display:inline-block;width:.9em;height:.9em;margin-right:.5em}
@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#161616}th,td{border-color:#444}.grid{stroke:#444}.whisker{stroke:#e8e8e8}}";

/// The report as a page of its own: tables, and plots as inline SVG. Nothing is fetched, and no script runs.
pub fn html(title: &str, evaluation: &Evaluation) -> String {
    let mut page = String::new();
    write_page(title, evaluation, &mut page).unwrap_or_default();
    page
}

/// Everything of a page down to its heading. The title is escaped; `more_style` comes after what all pages have.
pub(crate) fn begin_page(title: &str, more_style: &str, page: &mut String) -> std::fmt::Result {
    writeln!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">"
    )?;
    writeln!(
        page,
        "<title>{title}</title>\n<style>{STYLE}{more_style}</style>\n<h1>{title}</h1>"
    )
}

fn write_page(title: &str, evaluation: &Evaluation, page: &mut String) -> std::fmt::Result {
    let title = escaped(title);
    begin_page(&title, "", page)?;
    writeln!(page, "<p>{}.</p>", escaped(&evaluation.protocol))?;
    if !evaluation.models.is_empty() {
        write_recommendations(evaluation, page)?;
    }
    if let Some(search) = &evaluation.search {
        write_search(search, page)?;
    }
    writeln!(page, "</html>")
}

fn write_search(search: &SearchQuality, page: &mut String) -> std::fmt::Result {
    writeln!(page, "<h2>Search</h2>")?;
    writeln!(
        page,
        "<p>{} topics with {} relevant items were asked; {} of these are not in the catalogue. The small numbers are 95&nbsp;% bootstrap intervals over topics.</p>",
        search.topic_count, search.relevant_count, search.unknown_count
    )?;
    writeln!(page, "<table>")?;
    for (name, value) in [
        ("MAP", search.average_precision),
        ("NDCG@10", search.ndcg_at_10),
        ("P@10", search.precision_at_10),
        ("R@100", search.recall_at_100),
    ] {
        let value = cell(value);
        writeln!(
            page,
            "<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>"
        )?;
    }
    writeln!(page, "</table>")
}

fn write_recommendations(evaluation: &Evaluation, page: &mut String) -> std::fmt::Result {
    writeln!(
        page,
        "<p>{} people were asked about, and every item was ranked for each. The whiskers and the small numbers are 95&nbsp;% bootstrap intervals over people. \
         The file of neighbours has {:.0} bytes an item.</p>",
        evaluation.case_count, evaluation.neighbours_bytes_an_item
    )?;
    write_models(evaluation, page)?;
    for (caption, groups) in plots(&evaluation.models) {
        let chart = bar_chart(caption, &groups);
        writeln!(
            page,
            "<figure>\n<figcaption>{}</figcaption>\n{chart}</figure>",
            escaped(caption)
        )?;
    }
    writeln!(
        page,
        "<p>NDCG counts hits, the higher the earlier they come, by the best that is possible. Recall counts hits by all items that were to be found, however many; \
         the recall of those that fit counts them by the places of the list where these are fewer.</p>"
    )
}

fn write_models(evaluation: &Evaluation, page: &mut String) -> std::fmt::Result {
    let cutoffs = evaluation
        .models
        .first()
        .map_or(&[][..], |model| &model.at_cutoffs);
    writeln!(
        page,
        "<div class=\"wide\"><table>\n<tr><th scope=\"col\">Model</th>"
    )?;
    for at in cutoffs {
        let cutoff = at.cutoff;
        writeln!(
            page,
            "<th scope=\"col\">NDCG@{cutoff}</th><th scope=\"col\">Recall@{cutoff}</th><th scope=\"col\">Recall@{cutoff} of those that fit</th>"
        )?;
    }
    writeln!(
        page,
        "<th scope=\"col\">MRR</th><th scope=\"col\">Coverage</th><th scope=\"col\">Novelty</th></tr>"
    )?;
    for (place, model) in evaluation.models.iter().enumerate() {
        writeln!(
            page,
            "<tr><th scope=\"row\"><span class=\"swatch model-{place}\"></span>{}</th>",
            escaped(&model.name)
        )?;
        for at in &model.at_cutoffs {
            for value in [at.ndcg, at.recall, at.truncated_recall] {
                writeln!(page, "<td>{}</td>", cell(value))?;
            }
        }
        writeln!(
            page,
            "<td>{}</td><td>{:.1}&nbsp;%</td><td>{:.2} bits</td></tr>",
            cell(model.mrr),
            model.coverage * 100.0,
            model.novelty_bits
        )?;
    }
    writeln!(page, "</table></div>")
}

fn cell(interval: Interval) -> String {
    format!(
        "{:.4}<small>{:.4} to {:.4}</small>",
        interval.mean, interval.low, interval.high
    )
}

fn plots(models: &[ModelQuality]) -> Vec<(&'static str, Vec<BarGroup>)> {
    let Some(first) = models.first() else {
        return Vec::new();
    };
    let of_cutoffs = |value: &dyn Fn(&ModelQuality, usize) -> Interval, name: &str| {
        let group = |(place, at): (usize, &CutoffQuality)| BarGroup {
            label: format!("{name}@{}", at.cutoff),
            bars: models.iter().map(|model| value(model, place)).collect(),
        };
        first
            .at_cutoffs
            .iter()
            .enumerate()
            .map(group)
            .collect::<Vec<_>>()
    };
    let by_activity = first
        .by_activity
        .iter()
        .enumerate()
        .map(|(place, activity)| BarGroup {
            label: format!("{}–{}", activity.history_min_len, activity.history_max_len),
            bars: models
                .iter()
                .filter_map(|model| model.by_activity.get(place))
                .map(|group| group.ndcg)
                .collect(),
        });
    vec![
        (
            "NDCG",
            of_cutoffs(&|model, place| model.at_cutoffs[place].ndcg, "NDCG"),
        ),
        (
            "Recall",
            of_cutoffs(&|model, place| model.at_cutoffs[place].recall, "Recall"),
        ),
        (
            "NDCG by the length of the history that was shown",
            by_activity.collect(),
        ),
    ]
}

/// Text that cannot be taken for markup, inside or outside of quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}
