//! Items by their words.

use kit::testing::TestStorage;
use serde_json::{Value, json};

use super::{answer, ids};

/// Which items a query gets, and how it is read.
fn check(query: &str, expected: &[&str], matching: &str) -> Value {
    let line = format!("GET /v1/movies/search?q={query}");
    let found = answer(&TestStorage::films(), &line, "", 200);
    assert_eq!(ids(&found), expected, "{query} {found}");
    assert_eq!(found["interpretation"]["match"], matching, "{query}");
    assert_eq!(found["total"], expected.len());
    found["interpretation"].clone()
}

/// How the only word of a query is read.
fn reading(interpretation: &Value) -> (&str, Vec<&str>) {
    let word = &interpretation["words"][0];
    let terms = word["terms"].as_array().unwrap().iter();
    let terms = terms.map(|term| term.as_str().unwrap()).collect();
    (word["as"].as_str().unwrap(), terms)
}

#[test]
fn films_are_found_by_words_in_any_form() {
    check("heat+", &["2", "7"], "all");
    check("TOY+stories", &["1", "5"], "all");
    check("story+toy+2", &["5"], "all");
    check("leon+professionals", &["8"], "all");
    check("the+president", &["3"], "all");
    // In a genre, which counts less than a title.
    check("crime+", &["4", "2", "6", "8"], "all");
    check("crime+casino", &["6"], "all");
}

#[test]
fn a_word_that_is_not_finished_stands_for_what_begins_so() {
    let found = check("ca", &["6"], "all");
    assert_eq!(reading(&found), ("typed", vec!["casino"]));
    check("ca+", &[], "all");
    let line = "GET /v1/movies/search?q=ca&prefix=false";
    let found = answer(&TestStorage::films(), line, "", 200);
    assert!(ids(&found).is_empty());
}

#[test]
fn typos_are_forgiven_and_told() {
    for typed in ["csaino", "casno", "casiino", "cazino", "kasino"] {
        let found = check(&format!("{typed}+"), &["6"], "all");
        assert_eq!(reading(&found), ("corrected", vec!["casino"]));
    }
    // Two letters, where the first three are right.
    let found = check("profesionnal+", &["8"], "all");
    assert_eq!(reading(&found).0, "corrected");
    let found = check("zzzz", &[], "all");
    assert_eq!(reading(&found), ("unknown", vec![]));
}

#[test]
fn where_no_item_has_all_words_those_with_any_are_told() {
    let found = check("toy+casino", &["6", "1", "5"], "any");
    assert_eq!(found["notes"], json!([]));
    check("zzzz+heat", &["2", "7"], "any");
}

#[test]
fn without_words_it_is_what_is_popular() {
    for query in ["", "+", "%20!%3F", "%F0%9F%8D%9D"] {
        let all = ["1", "2", "3", "4", "5", "6", "7", "8"];
        let found = check(query, &all, "popular");
        assert_eq!(found["words"], json!([]));
    }
    let filter = "%7B%22genres%22%3A%22Drama%22%7D";
    check(&format!("&filter={filter}"), &["3", "6"], "popular");
    check(&format!("crime+&filter={filter}"), &["6"], "all");
}

#[test]
fn queries_that_are_no_words_are_answered_all_the_same() {
    let long = "heat+".repeat(200);
    let line = format!("GET /v1/movies/search?q={long}");
    let found = answer(&TestStorage::films(), &line, "", 200);
    assert_eq!(ids(&found), ["2", "7"]);
    let notes = &found["interpretation"]["notes"];
    assert_eq!(notes, &json!(["only the first 16 words were read"]));
    for query in ["%22heat", "%00%01heat", "%E2%80%AEheat", "heat%F0%9F%94%A5"] {
        let line = format!("GET /v1/movies/search?q={query}&prefix=false");
        let found = answer(&TestStorage::films(), &line, "", 200);
        assert_eq!(ids(&found), ["2", "7"], "{query}");
    }
    let line = format!("GET /v1/movies/search?q={}", "a".repeat(10_000));
    answer(&TestStorage::films(), &line, "", 414);
    for line in [
        "GET /v1/movies/search?q=heat&count=0",
        "GET /v1/movies/search?q=heat&words=1",
    ] {
        answer(&TestStorage::films(), line, "", 422);
    }
}
