use super::*;
use crate::evaluate::{
    CaseResult, CutoffResult, Evaluation, FoldResult, Interval, ModelQuality, SearchQuality,
};

fn evaluation() -> Evaluation {
    let case = |place: usize| {
        let ndcg = [0.25, 0.5, 0.75, 1.0][place % 4];
        let at = CutoffResult {
            ndcg,
            recall: ndcg / 2.0,
            truncated_recall: ndcg,
        };
        CaseResult {
            history_len: place + 1,
            at_cutoffs: vec![at],
            reciprocal_rank: 0.5,
            r_precision: 0.125,
            clicks: 2.0,
            novelty_bits: 3.0,
        }
    };
    let fold = FoldResult {
        cases: (0..8).map(case).collect(),
        coverage: 0.25,
    };
    let quality =
        |name: &str| ModelQuality::new(name.to_owned(), std::slice::from_ref(&fold), &[20], 50);
    Evaluation {
        protocol: "a test".to_owned(),
        case_count: 8,
        neighbours_bytes_an_item: 337.8,
        models: vec![quality("<script>alert('1')</script>"), quality("popular")],
        search: Some(search()),
    }
}

fn search() -> SearchQuality {
    let figure = |mean| Interval {
        mean,
        low: mean / 2.0,
        high: 1.0,
    };
    SearchQuality {
        topic_count: 52,
        relevant_count: 796,
        unknown_count: 3,
        average_precision: figure(0.3125),
        ndcg_at_10: figure(0.375),
        precision_at_10: figure(0.25),
        recall_at_100: figure(0.75),
    }
}

#[test]
fn the_search_may_be_all_that_was_measured() {
    let evaluation = Evaluation::of_search(search());
    let text = text("Papers", &evaluation);
    assert!(text.starts_with("Papers\nsearch by judged topics\n\nsearch: 52 topics with 796 relevant items, 3 of which"), "{text}");
    assert!(
        text.contains("\n  MAP         0.3125 (0.1562 to 1.0000)\n"),
        "{text}"
    );
    assert!(!text.contains("people"), "{text}");
    let page = html("Papers", &evaluation);
    assert!(
        page.contains("<th scope=\"row\">R@100</th><td>0.7500<small>"),
        "{page}"
    );
    assert!(
        !page.contains("people") && page.ends_with("</table>\n</html>\n"),
        "{page}"
    );
    let quality = evaluation.quality().unwrap();
    assert_eq!((quality.metric.as_str(), quality.value), ("ndcg@10", 0.375));
}

#[test]
fn the_text_says_what_was_measured() {
    let text = text("Films", &evaluation());
    for line in [
        "  NDCG@20     0.6250 (",
        "  Recall@20   0.3125 (",
        "  MRR         0.5000 (0.5000 to 0.5000)",
        "  R-precision 0.1250 (0.1250 to 0.1250)",
        "  clicks      2.0000 (2.0000 to 2.0000)",
        "     1 to    2 items shown: NDCG 0.3750",
        "338 bytes an item",
        "\n  P@10        0.2500 (",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn the_json_has_every_figure() {
    let json = json("Films", &evaluation());
    assert_eq!(json["models"][1]["at_cutoffs"][0]["ndcg"]["mean"], 0.625);
    assert_eq!(
        json["models"][1]["by_activity"].as_array().unwrap().len(),
        4
    );
    assert_eq!(json["models"][1]["coverage"], 0.25);
    assert_eq!(json["models"][1]["r_precision"]["mean"], 0.125);
    assert_eq!(json["models"][1]["clicks"]["mean"], 2.0);
    assert_eq!(json["search"]["recall_at_100"]["mean"], 0.75);
    assert_eq!(json["search"]["unknown_count"], 3);
}

#[test]
fn names_in_the_page_are_text_and_nothing_is_fetched() {
    let page = html("Films & <b>more</b>", &evaluation());
    assert!(page.contains("<h1>Films &amp; &lt;b&gt;more&lt;/b&gt;</h1>"));
    assert!(page.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"));
    assert!(!page.contains("<script") && !page.contains("http"));
    assert_eq!(page.matches("<svg").count(), 3);
    assert!(!page.contains("NaN"));
}
