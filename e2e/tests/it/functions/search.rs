//! Items by their words.

use kit::testing::TestStorage;
use serde_json::{Value, json};

use super::{answer, ids, kept};

/// Which items a query gets, and how it is read.
fn check(query: &str, expected: &[&str], matching: &[&str]) -> Value {
    let line = format!("GET /v1/movies/search?q={query}");
    let found = answer(&TestStorage::films(), &line, "", 200);
    assert_eq!(ids(&found), expected, "{query} {found}");
    assert_eq!(found["interpretation"]["match"], json!(matching), "{query}");
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
    check("heat+", &["2", "7"], &["words"]);
    check("TOY+stories", &["1", "5"], &["words"]);
    check("story+toy+2", &["5"], &["words"]);
    check("leon+professionals", &["8"], &["words"]);
    check("the+president", &["3"], &["words"]);
    // In a genre, which counts less than a title.
    check("crime+", &["4", "2", "6", "8"], &["words"]);
    check("crime+casino", &["6"], &["words"]);
}

#[test]
fn a_word_that_is_not_finished_stands_for_what_begins_so() {
    let found = check("ca", &["6"], &["words"]);
    assert_eq!(reading(&found), ("typed", vec!["casino"]));
    check("ca+", &[], &[]);
    let line = "GET /v1/movies/search?q=ca&prefix=false";
    let found = answer(&TestStorage::films(), line, "", 200);
    assert!(ids(&found).is_empty());
}

#[test]
fn typos_are_forgiven_and_told() {
    for typed in ["csaino", "casno", "casiino", "cazino", "kasino"] {
        let found = check(&format!("{typed}+"), &["6"], &["words"]);
        assert_eq!(reading(&found), ("corrected", vec!["casino"]));
    }
    // Two letters, where the first three are right.
    let found = check("profesionnal+", &["8"], &["words"]);
    assert_eq!(reading(&found).0, "corrected");
    let found = check("zzzz", &[], &[]);
    assert_eq!(reading(&found), ("unknown", vec![]));
}

#[test]
fn where_no_item_has_all_words_those_with_any_are_told() {
    let found = check("toy+casino", &["6", "1", "5"], &["any_word"]);
    assert_eq!(found["notes"], json!([]));
    check("zzzz+heat", &["2", "7"], &["any_word"]);
}

#[test]
fn without_words_it_is_what_is_popular() {
    for query in ["", "+", "%20!%3F", "%F0%9F%8D%9D"] {
        let all = ["1", "2", "3", "4", "5", "6", "7", "8"];
        let found = check(query, &all, &["popular"]);
        assert_eq!(found["words"], json!([]));
    }
    let filter = "%7B%22genres%22%3A%22Drama%22%7D";
    check(&format!("&filter={filter}"), &["3", "6"], &["popular"]);
    check(&format!("crime+&filter={filter}"), &["6"], &["words"]);
}

#[test]
fn somebody_gets_what_is_recommended_and_nobody_else_keeps_it() {
    let films = TestStorage::films();
    let get = |path: &str| answer(&films, &format!("GET /v1/movies/{path}"), "", 200);
    let found = get("search?q=&history=1");
    assert_eq!(ids(&found), ids(&get("recommendations?history=1")));
    assert!(found["items"][0]["score"].as_f64().unwrap() > 0.0);
    let line = "GET /v1/movies/search?q=crime&history=1";
    let kept = kept(&films, line);
    assert!(kept.starts_with("private"), "{kept}");
}

#[test]
fn queries_that_are_no_words_are_answered_all_the_same() {
    let long = "heat+".repeat(200);
    let line = format!("GET /v1/movies/search?q={long}");
    let found = answer(&TestStorage::films(), &line, "", 200);
    assert_eq!(ids(&found), ["2", "7"]);
    let notes = &found["interpretation"]["notes"];
    assert_eq!(notes, &json!(["only the first 16 words were read"]));
    let phrase = "%22toy+story%22+";
    assert_eq!(check(phrase, &["1", "5"], &["words"])["notes"], json!([]));
    let found = check("%22story+toy%22+", &["1", "5"], &["words"]);
    assert!(
        found["notes"][0]
            .as_str()
            .unwrap()
            .contains("in this order")
    );
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

#[test]
fn what_was_found_is_counted_put_in_order_and_leafed_through() {
    let storage = TestStorage::films();
    let get = |query: &str| answer(&storage, &format!("GET /v1/movies/search?{query}"), "", 200);
    let found = get("q=crime+&facets=genres,year&sort=-year");
    let years: Vec<i64> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["year"].as_i64().unwrap())
        .collect();
    assert_eq!(years.len(), 4);
    assert!(years.iter().rev().is_sorted(), "{years:?}");
    let values = found["facets"]["genres"]["values"].as_array().unwrap();
    assert_eq!(values[0], json!({ "value": "Crime", "count": 4 }));
    assert!(
        values.contains(&json!({ "value": "Drama", "count": 1 })),
        "{values:?}"
    );
    assert_eq!(found["facets"]["year"]["minimum"], years[3] as f64);
    assert_eq!(found["facets"]["year"]["maximum"], years[0] as f64);

    let first = get("q=crime+&count=3&fields=year");
    let cursor = first["cursor"].as_str().unwrap();
    assert_eq!(first["items"][0]["genres"], Value::Null);
    let second = get(&format!("q=crime+&count=3&cursor={cursor}"));
    assert_eq!([ids(&first), ids(&second)].concat(), ["4", "2", "6", "8"]);
    assert_eq!(second["cursor"], Value::Null);
    let gone = get("q=crime+&count=3&cursor=0123456789abcdef.3");
    assert!(gone["interpretation"]["notes"][0].is_string(), "{gone}");

    // However long the pages are.
    for count in 1..=4 {
        let mut leafed: Vec<String> = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = get(&format!("q=crime+&count={count}{cursor}"));
            leafed.extend(ids(&page).into_iter().map(str::to_owned));
            match page["cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(leafed, ["4", "2", "6", "8"], "{count}");
    }

    let everything = get("facets=genres&count=2");
    assert_eq!(everything["total"], 8);
    assert_eq!(everything["interpretation"]["match"], json!(["popular"]));
    let values = everything["facets"]["genres"]["values"].as_array().unwrap();
    assert!(3 < values.len(), "{values:?}");
}

#[test]
fn what_was_meant_and_where_it_stands_are_told() {
    let found = check("stroy+toy+", &["1", "5"], &["words"]);
    assert_eq!(found["did_you_mean"], "story toy");
    let storage = TestStorage::films();
    let get = |path: &str| answer(&storage, &format!("GET /v1/movies/{path}"), "", 200);
    let found = get("search?q=stroy+");
    let marked = &found["items"][0]["highlights"]["title"];
    assert_eq!(marked, &json!(["Toy <mark>Story</mark>"]));
    assert_eq!(
        get("search?q=crime+&history=1,none")["unknown"],
        json!(["none"])
    );
    let found = get("suggest?q=toy");
    let suggested = &found["suggestions"][0];
    assert_eq!(suggested, &json!({ "query": "Toy Story", "id": "1" }));
    assert_eq!(get("suggest")["suggestions"], json!([]));
}

#[test]
fn parameters_that_make_no_sense_are_refused() {
    let storage = TestStorage::films();
    let ask = |query: &str, status| {
        let line = format!("GET /v1/movies/search?{query}");
        answer(&storage, &line, "", status)
    };
    for (query, said) in [
        (
            "facets=colour",
            "`facets=colour` is not known here; known are `genres`, `year`",
        ),
        (
            "fields=title,colour&q=heat",
            "`fields=colour` is not known here; known are `id`, `title`, `image`, `genres`",
        ),
        (
            "sort=-colour&q=heat",
            "`sort=colour` is not known here; known are `genres`, `year`",
        ),
        (
            "filter=%7B%22colour%22%3A%22red%22%7D&q=heat",
            "`filter.colour` is not known",
        ),
        ("near=91,0", "is not on the earth"),
        ("near=1", "2 degrees with commas between them"),
        ("near=NaN,1", "2 degrees with commas between them"),
        ("near=1,1&radius_km=-1", "between 0 and 20038"),
        ("radius_km=1", "`near` is meant, which is not given"),
        ("bounds=1,1,0,0", "ends before it begins"),
        ("bounds=0,0,0,181", "is not on the earth"),
        ("cursor=x", "leave it out for the first page"),
        ("cursor=a.99999", "leave it out for the first page"),
    ] {
        let refused = ask(query, 422);
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains(said), "{query}: {detail}");
    }
    // Films are nowhere.
    let found = ask("q=heat+near+me&prefix=false", 200);
    assert_eq!(ids(&found), ["2", "7"]);
    let note = found["interpretation"]["notes"][0].as_str().unwrap();
    assert!(note.contains("`near`"), "{note}");
    let nowhere = ask("q=heat&near=40,-88&radius_km=3", 200);
    assert_eq!(nowhere["total"], 0);
}
