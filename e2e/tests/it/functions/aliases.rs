use kit::{
    storage::StorageError,
    testing::{self, FILMS, TestStorage},
};
use serde_json::{Value, json};

use super::{answer, ask};

#[test]
fn the_root_says_that_it_works() {
    let response = ask(&TestStorage::films(), &testing::request("GET /", ""));
    assert_eq!(response.body, b"working");
    assert_eq!(
        response.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
}

#[test]
fn random_items_have_the_old_shape() {
    let found = answer(&TestStorage::films(), "GET /getrandom?count=8", "", 200);
    let items = found["ids"].as_array().unwrap();
    assert_eq!(items.len(), FILMS.len());
    let toy_story = items.iter().find(|item| item["movieId"] == "1").unwrap();
    assert_eq!(
        *toy_story,
        json!({
            "movieId": "1",
            "title": "Toy Story",
            "actual": "Toy Story (1995)",
            "imageurl": "https://img.example/1.jpg",
        })
    );
    let default = answer(
        &TestStorage::films(),
        "GET /getrandom?_=1700000000",
        "",
        200,
    );
    assert_eq!(default["ids"].as_array().unwrap().len(), 4);
}

#[test]
fn rated_titles_get_a_bare_list() {
    let check = |body: Value, expected: &[&str]| {
        let line = "POST /getrecomcollab";
        let found = answer(&TestStorage::films(), line, &body.to_string(), 200);
        let items = found.as_array().unwrap();
        let ids: Vec<&str> = items
            .iter()
            .map(|item| item["movieId"].as_str().unwrap())
            .collect();
        assert_eq!(ids, expected, "{body}");
        found
    };
    let found = check(
        json!([{ "title": "Toy Story (1995)", "rating": 4 }]),
        &["5", "3"],
    );
    assert_eq!(
        found[0],
        json!({ "movieId": "5", "title": "Toy Story 2", "imageurl": "", "year": 1999 })
    );
    check(
        json!([{ "title": "Heat (1995)", "rating": 5 }, { "title": "Usual Suspects, The (1995)", "rating": 0 }]),
        &["6"],
    );
    // Beyond the scale is its end; what is not known and what means nothing is passed over.
    check(
        json!([{ "title": "Toy Story", "rating": 100, "imageurl": "" }, { "title": "No Such Film", "rating": 5 }]),
        &["5", "3"],
    );
    check(json!([]), &["1", "2", "3", "4", "5", "6", "7", "8"]);
}

#[test]
fn errors_have_the_old_shape() {
    let check = |storage: &TestStorage, line: &str, body: &str, expected: &str| {
        let found = answer(storage, line, body, 500);
        assert_eq!(found, json!({ "error": expected }));
    };
    let films = TestStorage::films();
    check(
        &films,
        "POST /getrecomcollab",
        "[{\"title\":7}]",
        "`the body[0].title` is to be a text, not a number",
    );
    check(
        &films,
        "POST /getrecomcollab",
        "[",
        "the body is no JSON: EOF while parsing a list at line 1 column 1",
    );
    check(
        &films,
        "GET /getrandom?count=0",
        "",
        "`count` is to be between 1 and 100",
    );
    let away = TestStorage::failing(StorageError::Unreachable {
        reason: "connection refused".to_owned(),
    });
    check(
        &away,
        "GET /getrandom",
        "",
        "the index cannot be read: the storage cannot be reached (connection refused)",
    );
}

#[test]
fn songs_go_with_songs_by_title_or_id() {
    let line = "POST /api/recommend";
    let ask = |body: Value| answer(&TestStorage::films(), line, &body.to_string(), 200);
    let found = ask(json!({ "songs": ["Heat (1995)", "no such song"] }));
    assert_eq!(
        found,
        json!({ "songs": ["Usual Suspects, The"], "version": testing::GENERATION, "model_date": "2026-11-21T12:00:00Z" })
    );
    assert_eq!(ask(json!({ "songs": ["2"] }))["songs"], found["songs"]);
    // Twice the same song is that song.
    let twice = ask(json!({ "songs": ["2", "Heat (1995)", "2"] }));
    assert_eq!(twice["songs"], found["songs"]);
    // No rule asks for this one alone: what else is known of it answers, and where nothing is, what is popular.
    assert_eq!(ask(json!({ "songs": ["1"] }))["songs"][0], "Toy Story 2");
    assert_eq!(ask(json!({}))["songs"][0], "Toy Story");
    let wrong = answer(&TestStorage::films(), line, r#"{"songs":[1]}"#, 500);
    assert!(
        wrong["error"].as_str().unwrap().contains("songs"),
        "{wrong}"
    );
}

#[test]
fn rated_ids_get_five_films_by_clusters() {
    let line = "POST /getrecom";
    let ask = |body: Value| answer(&TestStorage::films(), line, &body.to_string(), 200);
    let found = ask(json!([{ "movieId": "2", "rating": 5 }, { "movieId": 999, "rating": 0 }]));
    let results = found["results"].as_array().unwrap();
    assert_eq!(
        results[0],
        json!({ "title": "Léon: The Professional", "imageurl": "" })
    );
    assert!(results.len() <= 5);
    assert_eq!(ask(json!([{ "movieId": 2, "rating": 5 }])), found);
    // Of somebody who likes nothing here only what is popular can be said.
    let nothing = ask(json!([{ "movieId": "2", "rating": 0 }]));
    assert_eq!(nothing["results"].as_array().unwrap().len(), 5);
    let wrong = answer(&TestStorage::films(), line, r#"[{"movieId":"1"}]"#, 500);
    assert!(
        wrong["error"].as_str().unwrap().contains("rating"),
        "{wrong}"
    );
}
