//! The model card: what a model is for, what it learnt from, how good it is, and what is not claimed of it (Mitchell et al.: Model cards for model reporting, FAT* 2019).

use std::fmt::Write as _;

use classification::leakage::LeftOut;
use classification::{Column, Estimate, Values};
use config::PredictionModel;
use serde_json::{Value, json};

use super::{Card, says_target};
use crate::evaluate::report::{begin_page, escaped};

/// The card in a few lines.
pub fn text(card: &Card<'_>) -> String {
    let mut lines = vec![
        format!(
            "{}: {} of \"{}\"",
            card.title,
            method_name(card),
            card.predict.target
        ),
        format!("  {}", card.protocol()),
    ];
    let measures = measures(card);
    lines.extend(
        measures.map(|(name, estimate)| format!("  {name:<10} {}", with_interval(estimate))),
    );
    lines.push(format!(
        "  always saying the most frequent class: {:.4}",
        card.validation.majority_accuracy
    ));
    let left_out = card.prepared.left_out.iter();
    lines.extend(
        left_out.map(|left_out| format!("  left out: {}, {}", left_out.column, left_out.reason)),
    );
    lines.extend(not_claimed(card).iter().map(|claim| format!("  {claim}")));
    lines.join("\n") + "\n"
}

/// The card for programs.
pub fn json(card: &Card<'_>) -> Value {
    let (validation, examples) = (&card.validation, &card.prepared.examples);
    let estimate = |estimate: Estimate| json!({ "mean": estimate.mean, "low": estimate.low, "high": estimate.high });
    let counts = examples.class_counts();
    json!({
        "title": card.title,
        "target": card.predict.target,
        "positive": card.predict.positive,
        "model": method_name(card),
        "row_count": examples.num_rows(),
        "classes": examples.classes().iter().zip(counts).map(|(class, count)| json!({ "class": class, "row_count": count })).collect::<Vec<_>>(),
        "fields": examples.features().iter().map(|column| json!({ "name": column.name, "content": content(column), "missing_count": missing_count(column) })).collect::<Vec<_>>(),
        "left_out": card.prepared.left_out.iter().map(|left_out| json!({ "name": left_out.column, "reason": left_out.reason.to_string() })).collect::<Vec<_>>(),
        "protocol": card.protocol(),
        "accuracy": estimate(validation.accuracy),
        "auc": estimate(validation.auc),
        "log_loss": estimate(validation.log_loss),
        "brier": estimate(validation.brier),
        "majority_accuracy": validation.majority_accuracy,
        "out_of_bag_accuracy": card.out_of_bag_accuracy,
        "accuracy_by_fold": validation.fold_accuracies,
        "accuracy_with_leaking_columns": card.leaking_accuracy.map(estimate),
        "confusion": validation.confusion,
        "calibration": validation.calibration.iter().map(|bin| json!({ "row_count": bin.num_rows, "mean_probability": bin.mean_probability, "positive_share": bin.positive_share })).collect::<Vec<_>>(),
        "importances": validation.importances.iter().map(|importance| json!({ "field": importance.feature, "accuracy_loss": estimate(importance.accuracy_loss) })).collect::<Vec<_>>(),
        "not_claimed": not_claimed(card),
    })
}

/// The card as a page of its own. Nothing is fetched, and no script runs.
pub fn html(card: &Card<'_>) -> String {
    let mut page = String::new();
    write_page(card, &mut page).unwrap_or_default();
    page
}

fn write_page(card: &Card<'_>, page: &mut String) -> std::fmt::Result {
    let (validation, examples) = (&card.validation, &card.prepared.examples);
    begin_page(&escaped(card.title), "", page)?;
    writeln!(
        page,
        "<p>A {} says which \"{}\" a row has. It learnt from {} rows: {}. The positive class is \"{}\".</p>",
        method_name(card),
        escaped(&card.predict.target),
        examples.num_rows(),
        escaped(&class_counts(card)),
        escaped(&card.predict.positive)
    )?;
    writeln!(
        page,
        "<h2>How good it is</h2>\n<p>{}; each fold was judged by a model of the others. The intervals are of 95&nbsp;%, after Nadeau and Bengio.</p>",
        escaped(&card.protocol())
    )?;
    let rows =
        measures(card).map(|(name, estimate)| vec![name.to_owned(), with_interval(estimate)]);
    table(page, &["Measure", "Mean and interval"], rows)?;
    writeln!(
        page,
        "<p>Always saying the most frequent class is right in {:.1}&nbsp;% of the rows.",
        validation.majority_accuracy * 100.0
    )?;
    if let Some(accuracy) = card.out_of_bag_accuracy {
        writeln!(
            page,
            "Trees that have not seen a row are right about {:.1}&nbsp;%.",
            accuracy * 100.0
        )?;
    }
    writeln!(page, "</p>\n<h2>What is not claimed</h2>")?;
    for claim in not_claimed(card) {
        writeln!(page, "<p>{}</p>", escaped(&claim))?;
    }
    write_findings(card, page)?;
    writeln!(page, "</html>")
}

/// Mistakes, calibration, importances, and what was learnt from.
fn write_findings(card: &Card<'_>, page: &mut String) -> std::fmt::Result {
    let (validation, examples) = (&card.validation, &card.prepared.examples);
    writeln!(
        page,
        "<h2>Which mistakes it makes</h2>\n<p>All repeats together; a line is what the rows are, a column what they were called.</p>"
    )?;
    let mut names = vec![""];
    names.extend(examples.classes().iter().map(String::as_str));
    let rows = examples.classes().iter().zip(&validation.confusion);
    table(
        page,
        &names,
        rows.map(|(class, counts)| {
            std::iter::once(class.clone())
                .chain(counts.iter().map(u64::to_string))
                .collect()
        }),
    )?;
    writeln!(page, "<h2>Whether probabilities are right</h2>")?;
    let bins = validation
        .calibration
        .iter()
        .filter(|bin| bin.num_rows != 0);
    let rows = bins.map(|bin| {
        vec![
            bin.num_rows.to_string(),
            format!("{:.3}", bin.mean_probability),
            format!("{:.3}", bin.positive_share),
        ]
    });
    table(
        page,
        &["Rows", "Mean probability", "Share that is positive"],
        rows,
    )?;
    writeln!(
        page,
        "<h2>What each field is worth</h2>\n<p>By how much the accuracy falls when its values are shuffled.</p>"
    )?;
    let importances = validation.importances.iter();
    table(
        page,
        &["Field", "Loss of accuracy"],
        importances.map(|importance| {
            vec![
                importance.feature.clone(),
                with_interval(importance.accuracy_loss),
            ]
        }),
    )?;
    writeln!(page, "<h2>What it learnt from</h2>")?;
    let columns = examples.features().iter();
    table(
        page,
        &["Field", "Content", "Missing"],
        columns.map(|column| {
            vec![
                column.name.clone(),
                content(column),
                missing_count(column).to_string(),
            ]
        }),
    )?;
    if !card.prepared.left_out.is_empty() {
        writeln!(page, "<h2>What was left out</h2>")?;
        let left_out = card.prepared.left_out.iter();
        table(
            page,
            &["Column", "Reason"],
            left_out.map(|left_out| vec![left_out.column.clone(), left_out.reason.to_string()]),
        )?;
    }
    Ok(())
}

fn table(
    page: &mut String,
    names: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> std::fmt::Result {
    let names = names
        .iter()
        .map(|name| format!("<th scope=\"col\">{}</th>", escaped(name)));
    writeln!(
        page,
        "<div class=\"wide\"><table>\n<tr>{}</tr>",
        names.collect::<String>()
    )?;
    for row in rows {
        let cells = row.iter().map(|cell| format!("<td>{}</td>", escaped(cell)));
        writeln!(page, "<tr>{}</tr>", cells.collect::<String>())?;
    }
    writeln!(page, "</table></div>")
}

/// Why figures that are higher than the measured one, and may well be quoted, say nothing.
fn not_claimed(card: &Card<'_>) -> Vec<String> {
    let validation = &card.validation;
    let accuracies = &validation.fold_accuracies;
    let (lowest, highest) = accuracies
        .iter()
        .fold((f64::INFINITY, 0.0), |(low, high), &accuracy| {
            (accuracy.min(low), accuracy.max(high))
        });
    let (fewest, most) = validation.fold_num_rows;
    let rows = if fewest == most {
        fewest.to_string()
    } else {
        format!("{fewest} or {most}")
    };
    let mut claims = vec![format!(
        "Not {:.1} %: a single split into rows to learn from and {rows} to judge by shows anything from {:.1} % to {:.1} %, by luck alone. The mean over {} such splits is {:.1} %.",
        highest * 100.0,
        lowest * 100.0,
        highest * 100.0,
        accuracies.len(),
        validation.accuracy.mean * 100.0
    )];
    if let Some(leaking) = card.leaking_accuracy
        && validation.accuracy.mean < leaking.mean
    {
        let leaks: Vec<&LeftOut> = card
            .prepared
            .left_out
            .iter()
            .filter(|left_out| says_target(&left_out.reason))
            .collect();
        let names: Vec<&str> = leaks
            .iter()
            .map(|left_out| left_out.column.as_str())
            .collect();
        claims.push(format!(
            "Not {:.1} %: that is what the same method shows if it learns from {}, which nobody knows who asks for \"{}\".",
            leaking.mean * 100.0,
            names.join(", "),
            card.predict.target
        ));
    }
    claims
}

fn measures(card: &Card<'_>) -> impl Iterator<Item = (&'static str, Estimate)> {
    let validation = &card.validation;
    [
        ("accuracy", validation.accuracy),
        ("AUC", validation.auc),
        ("log-loss", validation.log_loss),
        ("Brier", validation.brier),
    ]
    .into_iter()
}

fn with_interval(estimate: Estimate) -> String {
    format!(
        "{:.4} ({:.4} to {:.4})",
        estimate.mean, estimate.low, estimate.high
    )
}

fn method_name(card: &Card<'_>) -> String {
    match card.predict.model {
        PredictionModel::Forest => format!("random forest of {} trees", card.predict.trees),
        PredictionModel::Logistic => format!(
            "logistic regression with a penalty of {}",
            card.predict.penalty
        ),
    }
}

fn class_counts(card: &Card<'_>) -> String {
    let examples = &card.prepared.examples;
    let counts = examples.classes().iter().zip(examples.class_counts());
    counts
        .map(|(class, count)| format!("{count} \"{class}\""))
        .collect::<Vec<_>>()
        .join(", ")
}

fn content(column: &Column) -> String {
    match &column.values {
        Values::Numbers(numbers) => {
            let present = || numbers.iter().flatten().copied();
            format!(
                "{} to {}",
                present().fold(f64::INFINITY, f64::min),
                present().fold(f64::NEG_INFINITY, f64::max)
            )
        }
        Values::Categories { names, .. } => names.join(", "),
    }
}

fn missing_count(column: &Column) -> usize {
    match &column.values {
        Values::Numbers(numbers) => numbers.iter().filter(|number| number.is_none()).count(),
        Values::Categories { codes, .. } => codes.iter().filter(|code| code.is_none()).count(),
    }
}
