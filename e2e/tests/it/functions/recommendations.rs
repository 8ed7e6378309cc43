use kit::testing::{self, GENERATION, TestStorage};
use pointer::BlendStep;
use serde_json::{Value, json};

use super::{answer, ask, ids};

const PATH: &str = "POST /v1/movies/recommendations";

/// Which items a body gets.
fn check(body: &Value, expected: &[&str]) -> Value {
    let answer = answer(&TestStorage::films(), PATH, &body.to_string(), 200);
    assert_eq!(ids(&answer), expected, "{body}");
    answer
}

#[test]
fn a_history_gets_what_its_items_speak_for() {
    let found = check(&json!({ "history": ["1"] }), &["5", "3"]);
    assert_eq!(found["collection"], "movies");
    assert_eq!(found["generation"], GENERATION);
    assert_eq!(found["algorithm"], "neighbours");
    assert_eq!(found["fallback"], Value::Null);
    assert_eq!(found["unknown"], json!([]));
    let first = &found["items"][0];
    assert_eq!(first["title"], "Toy Story 2");
    assert_eq!(first["year"], 1999);
    assert_eq!(first["genres"], json!(["Animation", "Comedy"]));
    assert_eq!(first["image"], "");
    assert!((first["score"].as_f64().unwrap() - 0.75).abs() < 0.01);
    assert_eq!(first.get("reasons"), None);
}

#[test]
fn a_rating_lifts_or_lowers_the_neighbours() {
    let rated = |value: f64| json!({ "history": ["2", { "id": "4", "value": value }] });
    check(&rated(5.0), &["6", "8"]);
    // Neutral: nothing but the other film speaks.
    check(&rated(3.0), &["6", "8"]);
    // Disliked: what it spoke for falls, and one of them below nothing.
    check(&rated(0.5), &["6"]);
    let score = |value| {
        let answer = answer(&TestStorage::films(), PATH, &rated(value).to_string(), 200);
        answer["items"][0]["score"].as_f64().unwrap()
    };
    assert!(score(0.5) < score(3.0) && score(3.0) < score(5.0));
}

#[test]
fn titles_name_items_as_ids_do() {
    let titled = |title: &str| json!({ "history": [{ "title": title, "value": 5 }] });
    check(&titled("Heat (1995)"), &["6", "4", "8"]);
    // Of two films of one title the popular one is meant.
    check(&titled("heat"), &["6", "4", "8"]);
    check(&titled("Heat (1986)"), &["2"]);
    check(&titled("The American President"), &["1", "6"]);
}

#[test]
fn of_two_entries_for_one_item_the_later_counts() {
    let twice = |first: f64, second: f64| json!({ "history": [{ "id": "2", "value": first }, { "title": "Heat (1995)", "value": second }] });
    check(&twice(0.5, 5.0), &["6", "4", "8"]);
    let found = check(&twice(5.0, 0.5), &["1", "3", "4", "5", "6", "7", "8"]);
    assert_eq!(found["algorithm"], "popular");
}

#[test]
fn what_is_unknown_is_listed_and_does_no_harm() {
    let found = check(
        &json!({ "history": ["999", "1", { "title": "No Such Film" }] }),
        &["5", "3"],
    );
    assert_eq!(found["unknown"], json!(["999", "No Such Film"]));
}

#[test]
fn without_an_answer_of_their_own_people_get_popular_items_and_are_told() {
    let fallback = |body: Value, expected: &[&str]| {
        let found = check(&body, expected);
        assert_eq!(found["algorithm"], "popular");
        found["fallback"].as_str().unwrap_or_default().to_owned()
    };
    let all = ["1", "2", "3", "4", "5", "6", "7", "8"];
    assert_eq!(
        fallback(json!({}), &all),
        "There is no history, so these are popular items."
    );
    assert_eq!(
        fallback(json!({ "history": ["999"] }), &all),
        "Nothing of the history is known here, so these are popular items."
    );
    // Filtered, and without what was seen or is not wanted.
    assert_eq!(
        fallback(
            json!({ "history": [{ "id": "2", "value": 3 }], "exclude": ["4"], "filter": { "genres": "Crime" } }),
            &["6", "8"]
        ),
        "Nothing follows from the history, so these are popular items."
    );
    // Who asks for one way is not given another.
    let popular = json!({ "algorithm": "popular", "history": ["1"], "count": 2 });
    assert_eq!(fallback(popular, &["2", "3"]), "");
    let found = check(
        &json!({ "algorithm": "neighbours", "history": ["999"] }),
        &[],
    );
    assert_eq!(found["algorithm"], "neighbours");
    assert_eq!(found["fallback"], Value::Null);
}

/// The films with a blend: content alone for one item, and content with neighbours for more.
fn blended() -> TestStorage {
    let step = |history_min_len, weights: &[(&str, f32)]| BlendStep {
        history_min_len,
        weights: weights
            .iter()
            .map(|&(name, weight)| (name.to_owned(), weight))
            .collect(),
    };
    TestStorage::films().with_manifest(|manifest| {
        manifest.blend = vec![
            step(1, &[("content", 1.0)]),
            step(2, &[("content", 0.5), ("neighbours", 1.0), ("tarot", 9.0)]),
        ];
    })
}

#[test]
fn what_was_learnt_for_a_history_of_this_length_answers() {
    let check = |body: Value, expected: &[&str]| {
        let answer = answer(&blended(), PATH, &body.to_string(), 200);
        assert_eq!(ids(&answer), expected, "{body}");
        answer
    };
    let found = check(json!({ "history": ["1"] }), &["3"]);
    assert_eq!(found["algorithm"], "content");
    assert_eq!(found.get("blend"), None);
    // Each by its best: 6 has 1 of neighbours, 4 has 2/3 of them and half of content, which counts half, 8 has 1/3 and all of content.
    let found = check(json!({ "history": ["2", "999", "7"] }), &["6", "4", "8"]);
    assert_eq!(found["algorithm"], "blend");
    assert_eq!(found["blend"], json!({ "content": 0.5, "neighbours": 1.0 }));
    // The heaviest explains.
    let body = json!({ "history": ["2", "7"], "explain": true });
    let found = check(body, &["6", "4", "8"]);
    assert_eq!(found["items"][0]["reasons"][0]["id"], "2");
    // Who asks for one way gets it, and what has nothing to say is not the end.
    let found = check(
        json!({ "history": ["1"], "algorithm": "neighbours" }),
        &["5", "3"],
    );
    assert_eq!(found["algorithm"], "neighbours");
    let found = check(json!({ "history": ["5"] }), &["1"]);
    assert_eq!(found["algorithm"], "neighbours");
    assert_eq!(
        check(json!({}), &["1", "2", "3", "4", "5", "6", "7", "8"])["algorithm"],
        "popular"
    );
}

#[test]
fn filters_leave_what_passes_them() {
    let filtered = |filter: Value| json!({ "history": ["2", "3", "5"], "filter": filter });
    check(&filtered(json!({})), &["1", "6", "4", "8"]);
    check(&filtered(json!({ "genres": "crime" })), &["6", "4", "8"]);
    check(
        &filtered(json!({ "genres": ["Animation", "Action"] })),
        &["1", "8"],
    );
    check(&filtered(json!({ "year": { "max": 1994 } })), &["8"]);
    check(&filtered(json!({ "year": 1995 })), &["1", "6", "4"]);
    check(
        &filtered(json!({ "year": { "min": 1995, "max": 1995 }, "genres": ["Drama"] })),
        &["6"],
    );
}

#[test]
fn what_is_excluded_is_left_out() {
    check(
        &json!({ "history": ["2"], "exclude": ["6", "999"] }),
        &["4", "8"],
    );
    check(&json!({ "history": ["2"], "count": 1 }), &["6"]);
}

#[test]
fn contributions_add_up_to_the_score() {
    let body = json!({ "history": ["2", "3", { "id": "4", "value": 4 }], "explain": true });
    let found = check(&body, &["6", "8", "1"]);
    for item in found["items"].as_array().unwrap() {
        let reasons = item["reasons"].as_array().unwrap();
        let sum: f64 = reasons
            .iter()
            .map(|reason| reason["contribution"].as_f64().unwrap())
            .sum();
        assert!((sum - item["score"].as_f64().unwrap()).abs() < 1e-6);
    }
    let reason = &found["items"][0]["reasons"][0];
    assert_eq!(reason["id"], "2");
    assert_eq!(reason["title"], "Heat");
    // Popular items have no reason beside being popular.
    let popular = check(&json!({ "explain": true, "count": 1 }), &["1"]);
    assert_eq!(popular["items"][0]["reasons"], json!([]));
}

#[test]
fn diversity_trades_score_for_variety() {
    let body = |diversity: f64| json!({ "history": ["2", "3", "4"], "diversity": diversity });
    check(&body(0.0), &["6", "8", "1"]);
    // 6 and 8 speak for the same films, so one of them waits.
    check(&body(0.6), &["6", "1", "8"]);
}

#[test]
fn a_link_asks_what_a_body_asks() {
    let storage = TestStorage::films();
    let same = |query: &str, body: Value| {
        let line = format!("GET /v1/movies/recommendations?{query}");
        assert_eq!(
            answer(&storage, &line, "", 200),
            answer(&storage, PATH, &body.to_string(), 200),
            "{query}"
        );
    };
    same("", json!({}));
    same(
        "history=1,2:4.5&count=2&explain=true",
        json!({ "history": ["1", { "id": "2", "value": 4.5 }], "count": 2, "explain": true }),
    );
    same(
        "history=2&exclude=6,8&diversity=0.5&algorithm=neighbours&filter=%7B%22genres%22%3A%5B%22Crime%22%5D%7D",
        json!({ "history": ["2"], "exclude": ["6", "8"], "diversity": 0.5, "algorithm": "neighbours", "filter": { "genres": ["Crime"] } }),
    );
    // An id may have a colon in it.
    same("history=tt:x", json!({ "history": ["tt:x"] }));
}

#[test]
fn lists_answer_without_a_history() {
    let storage = TestStorage::films();
    let check = |path: &str, expected: &[&str]| {
        let found = answer(&storage, &format!("GET {path}"), "", 200);
        assert_eq!(ids(&found), expected, "{path}");
        assert_eq!(found["generation"], GENERATION);
        found
    };
    let similar = check("/v1/movies/items/2/similar", &["6", "4", "8"]);
    assert!(similar["items"][0]["score"].is_f64());
    check("/v1/movies/items/2/similar?count=1", &["6"]);
    check(
        "/v1/movies/items/2/similar?filter=%7B%22genres%22:%22Drama%22%7D",
        &["6"],
    );
    check("/v1/movies/popular?count=3", &["1", "2", "3"]);
    check(
        "/v1/movies/popular?filter={%22year%22:{%22max%22:1990}}",
        &["7"],
    );
    let onboarding = check("/v1/movies/onboarding", &["1", "2", "3"]);
    assert_eq!(onboarding["items"][0].get("score"), None);
    check("/v1/movies/onboarding?count=2", &["1", "2"]);
}

#[test]
fn a_cold_question_costs_the_pointer_the_heads_the_lists_and_the_records() {
    let request = testing::request(
        PATH,
        &json!({ "history": ["2"], "explain": true }).to_string(),
    );
    let response = ask(&TestStorage::films(), &request);
    let timing = response.header("server-timing").unwrap();
    assert!(timing.contains("round trips: 4"), "{timing}");
}

#[test]
fn rules_that_fire_are_the_reasons() {
    let body = json!({ "history": ["2", "1"], "algorithm": "rules", "explain": true });
    let found = check(&body, &["4"]);
    assert_eq!(found["algorithm"], "rules");
    let item = &found["items"][0];
    assert_eq!(
        (&item["score"], &item["reasons"]),
        (&json!(1.0), &json!([]))
    );
    assert_eq!(
        item["rules"],
        json!([{
            "antecedent": [{ "id": "2", "title": "Heat" }],
            "support": 2, "confidence": 1.0, "lift": 1.5, "leverage": 2.0 / 3.0 - 4.0 / 9.0, "conviction": null,
        }])
    );
    // Nothing follows from these, and nothing else was asked for.
    check(&json!({ "history": ["1"], "algorithm": "rules" }), &[]);
}

#[test]
fn what_is_said_of_items_answers_where_nobody_touched_them() {
    let found = check(&json!({ "history": ["8"], "algorithm": "content" }), &["2"]);
    assert_eq!(found["algorithm"], "content");
    let explained = json!({ "history": ["8"], "algorithm": "content", "explain": true });
    let found = check(&explained, &["2"]);
    assert_eq!(found["items"][0]["reasons"][0]["id"], "8");
    assert_eq!(found["items"][0].get("rules"), None);
}

#[test]
fn preferences_lift_and_exclude_nothing() {
    let crime = json!({ "preferences": { "genres": "Crime" }, "count": 8 });
    let found = check(&crime, &["2", "4", "1", "6", "3", "5", "8", "7"]);
    assert_eq!(found["algorithm"], "popular");
    let link =
        "GET /v1/movies/recommendations?preferences=%7B%22genres%22%3A%22Crime%22%7D&count=8";
    let by_link = answer(&TestStorage::films(), link, "", 200);
    assert_eq!(by_link["items"], found["items"]);
    let unknown = json!({ "preferences": { "colour": "red" } });
    answer(&TestStorage::films(), PATH, &unknown.to_string(), 422);
}

#[test]
fn the_nearest_baskets_are_named_and_show_what_they_have_beside() {
    let line = "POST /v1/movies/baskets";
    let films = TestStorage::films();
    let ask = |body: Value| answer(&films, line, &body.to_string(), 200);
    let found = ask(json!({ "history": ["2", { "title": "The Usual Suspects" }, "no such film"] }));
    assert_eq!(found["unknown"], json!(["no such film"]));
    let baskets = found["baskets"].as_array().unwrap();
    let ids: Vec<&Value> = baskets.iter().map(|basket| &basket["id"]).collect();
    assert_eq!(ids, ["b3", "b1"]);
    let late = &baskets[1];
    assert_eq!(
        (&late["name"], &late["item_count"], &late["shared_count"]),
        (&json!("Late at night"), &json!(3), &json!(2))
    );
    assert_eq!(late["others"], json!([{ "id": "6", "title": "Casino" }]));
    let score = late["score"].as_f64().unwrap();
    assert!((score - 2.0 / 6.0_f64.sqrt()).abs() < 0.01, "{score}");
    assert_eq!(ask(json!({}))["baskets"], json!([]));
    answer(&films, line, r#"{"items":["2"]}"#, 422);
}

#[test]
fn clusters_answer_and_can_be_browsed() {
    let found = check(
        &json!({ "history": ["2"], "algorithm": "clusters", "count": 2 }),
        &["8", "6"],
    );
    assert_eq!(found["algorithm"], "clusters");
    let films = TestStorage::films();
    let all = answer(&films, "GET /v1/movies/clusters", "", 200);
    assert_eq!(
        all["clusters"][1],
        json!({ "cluster": 1, "name": "Comedy", "item_count": 4 })
    );
    let crime = answer(&films, "GET /v1/movies/clusters/0?count=3", "", 200);
    assert_eq!(
        (&crime["name"], ids(&crime)),
        (&json!("Crime"), vec!["2", "4", "6"])
    );
    answer(&films, "GET /v1/movies/clusters/2", "", 404);
    answer(&films, "GET /v1/movies/clusters/crime", "", 422);
}
