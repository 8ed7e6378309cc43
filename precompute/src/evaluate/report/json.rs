use serde_json::{Value, json};

use crate::evaluate::{Evaluation, Interval, ModelQuality, SearchQuality};

/// The report for programs. The names are a promise; the types that it is made from are not.
pub fn json(title: &str, evaluation: &Evaluation) -> Value {
    json!({
        "title": title,
        "protocol": evaluation.protocol,
        "case_count": evaluation.case_count,
        "neighbours_bytes_an_item": evaluation.neighbours_bytes_an_item,
        "models": evaluation.models.iter().map(model).collect::<Vec<_>>(),
        "search": evaluation.search.as_ref().map(search),
    })
}

fn search(search: &SearchQuality) -> Value {
    json!({
        "topic_count": search.topic_count,
        "relevant_count": search.relevant_count,
        "unknown_count": search.unknown_count,
        "average_precision": interval(search.average_precision),
        "ndcg_at_10": interval(search.ndcg_at_10),
        "precision_at_10": interval(search.precision_at_10),
        "recall_at_100": interval(search.recall_at_100),
    })
}

fn model(model: &ModelQuality) -> Value {
    let at_cutoffs = model.at_cutoffs.iter().map(|at| {
        json!({
            "cutoff": at.cutoff,
            "ndcg": interval(at.ndcg),
            "recall": interval(at.recall),
            "truncated_recall": interval(at.truncated_recall),
        })
    });
    let by_activity = model.by_activity.iter().map(|group| {
        json!({
            "history_min_len": group.history_min_len,
            "history_max_len": group.history_max_len,
            "ndcg": interval(group.ndcg),
        })
    });
    json!({
        "name": model.name,
        "at_cutoffs": at_cutoffs.collect::<Vec<_>>(),
        "mrr": interval(model.mrr),
        "r_precision": interval(model.r_precision),
        "clicks": interval(model.clicks),
        "coverage": model.coverage,
        "novelty_bits": model.novelty_bits,
        "by_activity": by_activity.collect::<Vec<_>>(),
        "ndcg_by_fold": model.ndcg_by_fold,
    })
}

fn interval(interval: Interval) -> Value {
    json!({ "mean": interval.mean, "low": interval.low, "high": interval.high })
}
