//! What the functions answer to those who ask as they should.

use serde_json::{Value, json};

use crate::bucket::Bucket;
use crate::films::publish_films;
use crate::site::{Site, ids};

/// Ids of `films::TASTES`.
const HEAT: &str = "1";
const CASINO: &str = "2";
const TOY_STORY: &str = "9";

fn site() -> (Bucket, Site, String) {
    let bucket = Bucket::start();
    let generation = publish_films(&bucket);
    let site = Site::start(&bucket);
    (bucket, site, generation)
}

#[test]
fn every_route_answers_as_described_and_names_its_generation() {
    let (_bucket, site, generation) = site();
    for path in [
        "/v1/movies/recommendations",
        "/v1/movies/recommendations?history=1,2:4.5&count=3&explain=true&diversity=0.5",
        "/v1/movies/items/1",
        "/v1/movies/items?ids=1,2,999",
        "/v1/movies/items?title=Toy+Story+(1995)",
        "/v1/movies/items/1/similar?count=3",
        "/v1/movies/popular?count=3&filter=%7B%22genres%22%3A%22Crime%22%7D",
        "/v1/movies/onboarding?count=5",
        "/v1/collections",
        "/healthz",
        "/readyz",
        "/healthz/recommend",
        "/readyz/recommend",
        "/readyz/browse",
        "/readyz/search",
        "/readyz/aliases",
        "/readyz/predict",
    ] {
        let answer = site.get(path);
        let body = answer.json();
        assert_eq!(answer.status, 200, "{path} {body}");
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
        assert!(
            answer.header("server-timing").contains("round trips"),
            "{path}"
        );
        if path.starts_with("/v1/movies/") {
            assert_eq!(body["collection"], "movies", "{path}");
            assert_eq!(body["generation"], generation.as_str(), "{path}");
            assert_ne!(body["items"], json!([]), "{path}");
        }
        let head = site.send("HEAD", path, &[], b"");
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(head.header("content-type"), "application/json", "{path}");
    }

    let collections = site.get("/v1/collections").json();
    let [movies, books] = &collections["collections"].as_array().unwrap()[..] else {
        panic!("{collections}");
    };
    let expected = json!({ "name": "books", "status": "unpublished" });
    assert_eq!(*books, expected);
    assert_eq!(movies["status"], "ready");
    assert_eq!(movies["item_count"], 24);
    assert_eq!(movies["synthetic"], true);
    assert_eq!(movies["quality"]["metric"], "ndcg@5");
    assert_eq!(movies["values"]["minimum"], 0.5);
    let ready =
        json!({ "status": "ready", "collections": { "movies": "ready", "books": "unpublished" } });
    assert_eq!(site.get("/readyz").json(), ready);
}

#[test]
fn a_history_is_recommended_its_own_taste_however_it_is_asked() {
    let (_bucket, site, _) = site();
    let by_body = site.recommend(&json!({
        "history": [HEAT, { "title": "Casino (1995)", "value": 4.5 }, "999", { "title": "Nowhere" }],
        "count": 5,
    }));
    assert_eq!(by_body["algorithm"], "neighbours");
    assert_eq!(by_body["fallback"], Value::Null);
    assert_eq!(by_body["unknown"], json!(["999", "Nowhere"]));
    let found = ids(&by_body);
    assert_eq!(found.len(), 5);
    let of_taste = found.iter().filter(|id| id.parse::<u32>().unwrap() <= 8);
    assert!(3 < of_taste.count(), "{found:?}");
    assert!(
        found.iter().all(|id| ![HEAT, CASINO].contains(id)),
        "{found:?}"
    );
    let by_link = site
        .get("/v1/movies/recommendations?history=1,2:4.5,999&count=5")
        .json();
    assert_eq!(by_link["items"], by_body["items"]);
}

#[test]
fn a_disliked_film_lowers_its_neighbours() {
    let (_bucket, site, _) = site();
    let rated = |value: f64| {
        site.recommend(&json!({
            "history": [HEAT, { "id": CASINO, "value": value }],
            "algorithm": "neighbours", "count": 100, "explain": true,
        }))
    };
    let (liked, neutral, disliked) = (rated(5.0), rated(3.0), rated(0.5));
    // What Casino speaks for most, as itself says.
    let similar = site.get("/v1/movies/items/2/similar?count=3").json();
    let mut num_compared = 0;
    for neighbour in ids(&similar).into_iter().filter(|id| *id != HEAT) {
        // An item whose score is not above zero is not recommended.
        let score = |answer: &Value| {
            let items = answer["items"].as_array().unwrap();
            let item = items.iter().find(|item| item["id"] == neighbour);
            item.map_or(0.0, |item| item["score"].as_f64().unwrap())
        };
        assert!(score(&neutral) < score(&liked), "{neighbour}");
        assert!(
            score(&disliked) < score(&neutral) || score(&neutral) == 0.0,
            "{neighbour}"
        );
        num_compared += 1;
    }
    assert!(1 < num_compared, "{similar}");
    let contributions = disliked["items"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|item| item["reasons"].as_array().unwrap().iter());
    let against = contributions
        .filter(|reason| reason["id"] == CASINO)
        .filter(|reason| reason["contribution"].as_f64().unwrap() < 0.0);
    assert!(0 < against.count(), "{disliked}");
}

#[test]
fn reasons_add_up_to_the_score() {
    let (_bucket, site, _) = site();
    let answer = site.recommend(&json!({
        "history": [HEAT, { "id": CASINO, "value": 1.5 }, { "id": TOY_STORY, "value": 4.5 }, "10", "17"],
        "count": 100, "explain": true,
    }));
    let items = answer["items"].as_array().unwrap();
    assert!(3 < items.len(), "{answer}");
    for item in items {
        let reasons = item["reasons"].as_array().unwrap();
        assert!(!reasons.is_empty(), "{item}");
        let sum: f64 = reasons
            .iter()
            .map(|reason| reason["contribution"].as_f64().unwrap())
            .sum();
        // Each is the shortest decimal of a float with 24 bits.
        let difference = (sum - item["score"].as_f64().unwrap()).abs();
        assert!(difference < 1e-6, "{item}");
        assert!(reasons.iter().all(|reason| reason["title"] != ""), "{item}");
    }
    let popular = site.recommend(&json!({ "algorithm": "popular", "explain": true }));
    assert_eq!(popular["items"][0]["reasons"], json!([]));
    let unexplained = site.recommend(&json!({ "history": [HEAT] }));
    assert!(unexplained["items"][0].get("reasons").is_none());
}

#[test]
fn filters_and_exclusions_hold_and_what_was_seen_does_not_come_back() {
    let (_bucket, site, _) = site();
    let history = json!([HEAT, CASINO, TOY_STORY]);
    for algorithm in ["neighbours", "popular"] {
        let ask = |more: Value| {
            let mut body = json!({ "history": history, "algorithm": algorithm, "count": 100 });
            body.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            site.recommend(&body)
        };
        let all = ask(json!({}));
        let all_ids = ids(&all);
        for seen in [HEAT, CASINO, TOY_STORY] {
            assert!(!all_ids.contains(&seen), "{algorithm} {seen}");
        }
        let unwanted = all_ids[0];
        let without = ask(json!({ "exclude": [unwanted, "999"] }));
        assert_eq!(ids(&without), all_ids[1..], "{algorithm}");

        // The same as filtering by hand.
        let items = all["items"].as_array().unwrap();
        let check = |filter: Value, fits: &dyn Fn(&Value) -> bool| {
            let found = ask(json!({ "filter": filter }));
            let expected: Vec<&str> = items
                .iter()
                .filter(|item| fits(item))
                .map(|item| item["id"].as_str().unwrap())
                .collect();
            assert!(!expected.is_empty(), "{algorithm} {filter}");
            assert_eq!(ids(&found), expected, "{algorithm} {filter}");
        };
        check(json!({ "genres": "Crime" }), &|item| {
            item["genres"][0] == "Crime"
        });
        check(json!({ "genres": ["Crime", "Animation"] }), &|item| {
            item["genres"][0] != "Comedy"
        });
        check(
            json!({ "genres": "Crime", "year": { "min": 1994, "max": 1995 } }),
            &|item| {
                let year = item["year"].as_i64().unwrap_or(0);
                item["genres"][0] == "Crime" && (1994..=1995).contains(&year)
            },
        );
        let nothing = ask(json!({ "filter": { "genres": "Western" } }));
        assert_eq!(nothing["items"], json!([]), "{algorithm}");
    }
}

#[test]
fn diversity_changes_the_list_and_keeps_the_best() {
    let (_bucket, site, _) = site();
    let ask = |diversity: f64| {
        site.recommend(&json!({
            "history": [HEAT, { "id": TOY_STORY, "value": 4.5 }], "algorithm": "neighbours", "count": 6, "diversity": diversity,
        }))
    };
    let (plain, varied) = (ask(0.0), ask(0.9));
    assert_eq!(ids(&plain)[0], ids(&varied)[0]);
    assert_ne!(ids(&plain), ids(&varied));
    assert_eq!(ids(&plain).len(), ids(&varied).len());
}

#[test]
fn too_little_history_falls_back_to_popular_items_and_says_so() {
    let (_bucket, site, _) = site();
    let popular = site.get("/v1/movies/popular").json();
    for (history, fallback) in [
        (
            json!([]),
            "There is no history, so these are popular items.",
        ),
        (
            json!(["999"]),
            "Nothing of the history is known here, so these are popular items.",
        ),
        (
            json!([{ "id": "24", "value": 0.5 }]),
            "Nothing follows from the history, so these are popular items.",
        ),
    ] {
        let answer = site.recommend(&json!({ "history": history }));
        assert_eq!(answer["algorithm"], "popular", "{history}");
        assert_eq!(answer["fallback"], fallback);
        let without_seen: Vec<&str> = ids(&popular)
            .into_iter()
            .filter(|id| history[0]["id"] != *id)
            .collect();
        assert!(ids(&answer).starts_with(&without_seen), "{history}");
    }
    let asked_for = site.recommend(&json!({ "algorithm": "popular" }));
    assert_eq!(asked_for["fallback"], Value::Null);
    assert_eq!(asked_for["items"], popular["items"]);
}

#[test]
fn a_title_is_found_with_its_year_and_without() {
    let (_bucket, site, _) = site();
    for (title, expected) in [
        ("Toy+Story+(1995)", Some("9")),
        ("Toy+Story", Some("9")),
        ("Toy+Story+2", Some("13")),
        // Two films have this title, and the other is watched less.
        ("Heat", Some("1")),
        ("Heat+(1995)", Some("1")),
        ("Heat+(1986)", Some("8")),
        ("Heat+(1987)", None),
        ("L%C3%A9on:+The+Professional", Some("7")),
        ("American+President,+The+(1995)", Some("21")),
        ("Home+Movie", Some("24")),
        ("Nowhere", None),
    ] {
        let answer = site.get(&format!("/v1/movies/items?title={title}")).json();
        let expected: Vec<&str> = expected.into_iter().collect();
        assert_eq!(ids(&answer), expected, "{title}");
        let num_unknown = answer["unknown"].as_array().unwrap().len();
        assert_eq!(num_unknown, 1 - expected.len(), "{title}");
    }
}
