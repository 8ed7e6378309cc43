//! The names that older frontends call, with the shapes that they know.

use serde_json::{Value, json};

use crate::bucket::Bucket;
use crate::films::publish_films;
use crate::site::{Answer, Site};

fn members(item: &Value) -> Vec<&str> {
    item.as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

fn is_error(answer: &Answer, says: &str) {
    let body = answer.json();
    assert_eq!(
        (answer.status, members(&body)),
        (500, vec!["error"]),
        "{body}"
    );
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(body["error"].as_str().unwrap().contains(says), "{body}");
}

#[test]
fn old_names_keep_their_shapes() {
    let mut bucket = Bucket::start();
    publish_films(&bucket);
    let site = Site::start(&bucket);

    let working = site.send("GET", "/", &[], b"");
    assert_eq!((working.status, &working.body[..]), (200, &b"working"[..]));

    let random = site.get("/getrandom?count=24").json();
    assert_eq!(members(&random), ["ids"]);
    let items = random["ids"].as_array().unwrap();
    assert_eq!(items.len(), 24);
    for item in items {
        assert_eq!(members(item), ["actual", "imageurl", "movieId", "title"]);
    }
    let find = |id: &str| items.iter().find(|item| item["movieId"] == id).unwrap();
    let toy_story = json!({ "movieId": "9", "title": "Toy Story", "actual": "Toy Story (1995)", "imageurl": "" });
    assert_eq!(*find("9"), toy_story);
    assert_eq!(find("24")["actual"], "Home Movie", "a film without a year");
    let drawn = || site.get("/getrandom").json();
    assert_eq!(drawn()["ids"].as_array().unwrap().len(), 4);
    assert!((0..20).map(|_| drawn()).any(|other| other != drawn()));

    let recommend = |body: &str| site.ask("POST", "/getrecomcollab", body.as_bytes());
    let rated = r#"[{"title":"Heat (1995)","rating":5,"movieId":"1"},{"title":"Casino","rating":4},{"title":"Nowhere","rating":4}]"#;
    let answer = recommend(rated).json();
    let items = answer.as_array().unwrap();
    assert!(3 < items.len(), "{answer}");
    for item in items {
        assert_eq!(members(item), ["imageurl", "movieId", "title", "year"]);
    }
    let same = site.recommend(&json!({
        "history": [{ "title": "Heat (1995)", "value": 5 }, { "title": "Casino", "value": 4 }],
    }));
    let expected: Vec<Value> = same["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            json!({ "movieId": item["id"], "title": item["title"], "imageurl": "", "year": item["year"] })
        })
        .collect();
    assert_eq!(*items, expected);
    assert_eq!(
        recommend("[]").json().as_array().unwrap().len(),
        10,
        "the popular ones"
    );

    is_error(&recommend("[{"), "JSON");
    is_error(&recommend(r#"[{"rating":4}]"#), "title");
    is_error(&site.get("/getrandom?count=many"), "count");
    bucket.stop();
    is_error(&site.get("/getrandom"), "index cannot be read");
    is_error(&recommend(rated), "index cannot be read");
}
