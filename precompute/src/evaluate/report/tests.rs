use super::*;
use crate::evaluate::{CaseResult, CutoffResult, Evaluation, FoldResult, ModelQuality};

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
    }
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
