use std::fmt::Write as _;

use crate::evaluate::{Evaluation, Interval, SearchQuality};

/// The report for a terminal: a table of the models, one of the activity groups.
pub fn text(title: &str, evaluation: &Evaluation) -> String {
    let mut text = String::new();
    write_text(title, evaluation, &mut text).unwrap_or_default();
    text
}

fn write_text(title: &str, evaluation: &Evaluation, text: &mut String) -> std::fmt::Result {
    writeln!(text, "{title}")?;
    writeln!(text, "{}", evaluation.protocol)?;
    if evaluation.models.is_empty() {
        return evaluation
            .search
            .iter()
            .try_for_each(|search| write_search(search, text));
    }
    writeln!(
        text,
        "{} people asked about, every item ranked; 95 % bootstrap intervals over people; {:.0} bytes an item in the file of neighbours",
        evaluation.case_count, evaluation.neighbours_bytes_an_item
    )?;
    for model in &evaluation.models {
        writeln!(text, "\n{}", model.name)?;
        for at in &model.at_cutoffs {
            let cutoff = at.cutoff;
            writeln!(text, "  NDCG@{cutoff:<6} {}", interval(at.ndcg))?;
            writeln!(
                text,
                "  Recall@{cutoff:<4} {}  of all targets",
                interval(at.recall)
            )?;
            writeln!(
                text,
                "  Recall@{cutoff:<4} {}  of those that fit",
                interval(at.truncated_recall)
            )?;
        }
        writeln!(text, "  MRR         {}", interval(model.mrr))?;
        writeln!(text, "  R-precision {}", interval(model.r_precision))?;
        writeln!(
            text,
            "  clicks      {}  for ten more until there is a hit",
            interval(model.clicks)
        )?;
        writeln!(
            text,
            "  coverage    {:.1} % of the items, novelty {:.2} bits",
            model.coverage * 100.0,
            model.novelty_bits
        )?;
        let by_fold: Vec<String> = model
            .ndcg_by_fold
            .iter()
            .map(|ndcg| format!("{ndcg:.4}"))
            .collect();
        writeln!(text, "  NDCG by run {}", by_fold.join(" "))?;
        for group in &model.by_activity {
            writeln!(
                text,
                "  {:>4} to {:>4} items shown: NDCG {}",
                group.history_min_len,
                group.history_max_len,
                interval(group.ndcg)
            )?;
        }
    }
    evaluation
        .search
        .iter()
        .try_for_each(|search| write_search(search, text))
}

fn write_search(search: &SearchQuality, text: &mut String) -> std::fmt::Result {
    writeln!(
        text,
        "\nsearch: {} topics with {} relevant items, {} of which are not in the catalogue; 95 % bootstrap intervals over topics",
        search.topic_count, search.relevant_count, search.unknown_count
    )?;
    writeln!(text, "  MAP         {}", interval(search.average_precision))?;
    writeln!(text, "  NDCG@10     {}", interval(search.ndcg_at_10))?;
    writeln!(text, "  P@10        {}", interval(search.precision_at_10))?;
    writeln!(text, "  R@100       {}", interval(search.recall_at_100))
}

fn interval(interval: Interval) -> String {
    format!(
        "{:.4} ({:.4} to {:.4})",
        interval.mean, interval.low, interval.high
    )
}
