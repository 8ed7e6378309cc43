//! The collections of `config/use-cases.toml`: each from its real files, by one `precompute run`, to the answers of its functions.
//!
//! The data sets may not be passed on. They are looked for in `KINDRED_DATA`; where one is absent its test says so and passes.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::job::Job;
use crate::site::{Site, ids};

/// The folder of the data sets. `None`, which is said, where one of these is absent.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn data_with(data_sets: &[&str]) -> Option<PathBuf> {
    let data = env::var_os("KINDRED_DATA").map_or_else(PathBuf::new, PathBuf::from);
    let absent = data_sets.iter().find(|name| !data.join(name).exists());
    match absent {
        None => Some(data),
        Some(absent) => {
            eprintln!("SKIPPED: KINDRED_DATA names no folder with `{absent}` in it");
            None
        }
    }
}

/// Whether a place is of a category.
fn is_of(item: &Value, category: &str) -> bool {
    let categories = item["categories"].as_array().unwrap();
    categories.contains(&json!(category))
}

/// A collection as it is served.
struct UseCase {
    name: &'static str,
    site: Site,
    _job: Job,
}

impl UseCase {
    /// Runs the job for a collection, and serves it and nothing else. `None` where one of its data sets is absent.
    fn served(name: &'static str, data_sets: &[&str]) -> Option<Self> {
        let data = data_with(data_sets)?;
        let path = e2e::application::workspace().join("config/use-cases.toml");
        let configuration = fs::read_to_string(path).unwrap();
        let data = data.to_str().unwrap();
        let configuration = configuration.replace("\"data/", &format!("\"{data}/"));
        Some(Self::of(name, &configuration))
    }

    /// The same of a configuration.
    fn of(name: &'static str, configuration: &str) -> Self {
        let job = Job::new(configuration);
        let run = format!("run --collection {name} --progress none");
        let published = job.done(&run);
        assert!(published.starts_with(&format!("{name} ")), "{published}");
        let site = Site::with(
            &job.bucket,
            &[
                ("collections", name),
                ("default_collection", name),
                ("playlist_collection", name),
                ("default_predictions", name),
            ],
        );
        let ready = site.get("/readyz").json();
        assert_eq!(ready["collections"], json!({ name: "ready" }));
        Self {
            name,
            site,
            _job: job,
        }
    }

    /// What the collection says of itself.
    fn itself(&self) -> Value {
        self.site.get("/v1/collections").json()["collections"][0].clone()
    }

    /// The answer to GET below the collection.
    fn get(&self, path: &str) -> Value {
        let answer = self.site.get(&format!("/v1/{}/{path}", self.name));
        assert_eq!(answer.status, 200, "{path} {}", answer.json());
        answer.json()
    }

    /// The answer to POST below the collection.
    fn post(&self, path: &str, body: &Value) -> Value {
        self.post_to(&format!("/v1/{}/{path}", self.name), body)
    }

    /// The answer to POST at a path of its own.
    fn post_to(&self, path: &str, body: &Value) -> Value {
        let answer = self.site.ask("POST", path, body.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{path} {body} {}", answer.json());
        answer.json()
    }

    /// The items that are recommended, some at least, and none of which is in the history.
    fn recommended(&self, body: &Value) -> Value {
        let answer = self.post("recommendations", body);
        let history = body["history"].as_array().cloned().unwrap_or_default();
        let found = ids(&answer);
        assert!(!found.is_empty(), "{body} {answer}");
        assert!(found.iter().all(|id| !history.contains(&json!(id))));
        answer
    }
}

/// A member of every item of an answer.
fn members<'a>(answer: &'a Value, name: &str) -> Vec<&'a Value> {
    let items = answer["items"].as_array().unwrap();
    items.iter().map(|item| &item[name]).collect()
}

#[test]
fn films() {
    let Some(films) = UseCase::served("films", &["ml-latest-small"]) else {
        return;
    };
    let itself = films.itself();
    assert_eq!(itself["item_count"], 9742);
    assert_eq!(itself["quality"]["metric"], "ndcg@100");

    // The first two films of a trilogy, and another that goes with them.
    let history =
        json!(["260", { "id": "1196", "value": 5 }, { "title": "Matrix, The (1999)", "value": 4 }]);
    let found = films.recommended(&json!({ "history": history }));
    assert!(ids(&found).contains(&"1210"), "{found}");
    assert_eq!(found["fallback"], Value::Null);
    for algorithm in ["neighbours", "clusters", "content"] {
        let body = json!({ "history": history, "algorithm": algorithm, "explain": true });
        let found = films.recommended(&body);
        assert_eq!(found["algorithm"], algorithm);
        if algorithm == "clusters" {
            continue;
        }
        for item in found["items"].as_array().unwrap() {
            let reasons = item["reasons"].as_array().unwrap().iter();
            let sum: f64 = reasons
                .map(|reason| reason["contribution"].as_f64().unwrap())
                .sum();
            assert!(
                (sum - item["score"].as_f64().unwrap()).abs() < 1e-4,
                "{item}"
            );
        }
    }
    let nobody = films.recommended(&json!({ "history": ["no such film"] }));
    assert_eq!(nobody["unknown"], json!(["no such film"]));
    assert!(nobody["fallback"].is_string(), "popular items, and why");

    assert!(
        ids(&films.get("items/1/similar")).contains(&"3114"),
        "Toy Story 2"
    );
    assert!(
        ids(&films.get("popular")).contains(&"318"),
        "The Shawshank Redemption"
    );
    assert_eq!(ids(&films.get("onboarding?count=24")).len(), 24);
    let clusters = films.get("clusters");
    let clusters = clusters["clusters"].as_array().unwrap();
    assert!(clusters.iter().all(|cluster| cluster["name"] != ""));

    for (query, expected) in [
        ("star wars empire", "1196"),
        ("godfather 2", "858"),
        ("the matrxi", "2571"),
        ("amelie", "4973"),
        ("shawsh", "318"),
    ] {
        let found = films.get(&format!("search?q={}", query.replace(' ', "+")));
        assert!(ids(&found).contains(&expected), "{query} {found}");
    }

    let old = films.post_to(
        "/getrecom",
        &json!([{ "movieId": "1", "rating": 4 }, { "movieId": 260, "rating": 5 }]),
    );
    assert_eq!(old["results"].as_array().unwrap().len(), 5);
    let old = films.post_to(
        "/getrecomcollab",
        &json!([{ "title": "Toy Story (1995)", "rating": 5 }]),
    );
    assert!(!old.as_array().unwrap().is_empty());
}

#[test]
fn media() {
    let data_sets = [
        "goodbooks-10k",
        "ml-latest-small",
        "netflix-titles",
        "podcasts",
    ];
    let Some(media) = UseCase::served("media", &data_sets) else {
        return;
    };
    assert_eq!(media.itself()["item_count"], 10_000 + 9742 + 8807 + 3390);

    // Who read a book gets other books by who read them, and more than books by what it is about.
    let history = json!(["books:7"]);
    let by_people = media.recommended(&json!({ "history": history, "algorithm": "neighbours" }));
    assert!(
        members(&by_people, "type")
            .iter()
            .all(|kind| *kind == "book")
    );
    let by_content =
        media.recommended(&json!({ "history": history, "algorithm": "content", "count": 50 }));
    let types = members(&by_content, "type");
    for kind in ["book", "film", "podcast"] {
        assert!(types.iter().any(|found| *found == kind), "{kind} {types:?}");
    }
    // One search box over all of them.
    let filter = "%7B%22type%22%3A%22podcast%22%7D";
    let found = media.get(&format!("search?q=harry+poter&filter={filter}"));
    assert_eq!(found["interpretation"]["words"][1]["as"], "corrected");
    assert!(
        members(&found, "type")
            .iter()
            .all(|kind| *kind == "podcast")
    );
    assert!(ids(&media.get("search?q=hunger+games+collins")).contains(&"books:1"));
    let only = json!({ "history": history, "algorithm": "content", "filter": { "type": ["documentary", "series"] } });
    media.recommended(&only);
    // What nobody touched has neighbours, too.
    let similar = media.get("items/netflix:s1/similar");
    assert!(!ids(&similar).is_empty());

    // Without a history, preferences lift what is popular.
    let anything = media.recommended(&json!({ "count": 20 }));
    let preferred = media.recommended(&json!({ "count": 20, "preferences": { "type": "film" } }));
    let count = |answer: &Value| {
        members(answer, "type")
            .iter()
            .filter(|kind| **kind == "film")
            .count()
    };
    assert!(count(&anything) < count(&preferred), "{preferred}");
    // What nobody touched is there for whoever asks for it, and not for others.
    for kind in ["documentary", "series", "podcast"] {
        assert!(
            members(&anything, "type")
                .iter()
                .all(|found| *found != kind)
        );
        let preferences = json!({ "type": [kind, "book"] });
        let preferred = media.recommended(&json!({ "count": 20, "preferences": preferences }));
        let types = members(&preferred, "type");
        for expected in [kind, "book"] {
            assert!(types.iter().any(|found| *found == expected), "{types:?}");
        }
        let filter = json!({ "type": kind });
        let only = media.recommended(&json!({ "count": 20, "filter": filter }));
        assert_eq!(ids(&only).len(), 20);
    }
    // Genres that only what nobody touched has.
    let genres = json!({ "preferences": { "genres": "International TV Shows" } });
    let first = &media.recommended(&genres)["items"][0];
    let of_first = first["genres"].as_array().unwrap();
    assert!(
        of_first.contains(&json!("International TV Shows")),
        "{first}"
    );
}

#[test]
fn places() {
    let Some(places) = UseCase::served("places", &["yelp"]) else {
        return;
    };
    // Nothing of it says "pasta".
    let found = places.get("search?q=61820+pasta&count=40&prefix=false");
    let read = &found["interpretation"];
    assert_eq!(read["place"]["name"], "61820");
    assert_eq!(read["words"][1]["speaks_of"], json!(["Italian"]));
    assert_eq!(read["match"], json!(["meaning", "nearby", "broader"]));
    assert_eq!(read["broader"], json!(["Restaurants"]));
    let items = found["items"].as_array().unwrap();
    let is_in = |item: &Value| item["postal_code"] == "61820";
    // The file of 2014 has 18 lines of them, which are nine places.
    let (first, others) = items.split_at(9);
    assert!(
        first
            .iter()
            .all(|item| is_in(item) && is_of(item, "Italian"))
    );
    let is_nearby = |item: &Value| item["match"] == "nearby";
    let near_count = others.iter().filter(|item| is_nearby(item)).count();
    let (near, others) = others.split_at(near_count);
    let is_italian_nearby =
        |item: &Value| is_nearby(item) && is_of(item, "Italian") && !is_in(item);
    assert!(near.iter().all(is_italian_nearby));
    let distance_km = |item: &Value| item["distance_km"].as_f64().unwrap();
    assert!(near.iter().all(|item| distance_km(item) < 30.0));
    assert!(
        others
            .iter()
            .all(|item| is_in(item) && is_of(item, "Restaurants"))
    );
    assert!(!near.is_empty() && !others.is_empty());

    // The same by where one is, by the city, and page by page.
    let near = places.get("search?q=pasta+near+me&near=40.115,-88.2424&radius_km=5&count=20");
    assert!(
        ids(&near).iter().all(|id| ids(&found).contains(id)),
        "{near}"
    );
    let city = places.get("search?q=champaign+pasta&prefix=false&facets=state");
    assert_eq!(city["interpretation"]["place"]["name"], "Champaign, IL");
    assert_eq!(city["facets"]["state"]["values"][0]["value"], "IL");
    // Pages of nine end where the Italian places do.
    for count in [5, 9] {
        let page = format!("search?q=61820+pasta&count={count}&prefix=false");
        let first = places.get(&page);
        let cursor = first["cursor"].as_str().unwrap();
        let second = places.get(&format!("{page}&cursor={cursor}"));
        assert_eq!(
            [ids(&first), ids(&second)].concat(),
            ids(&found)[..2 * count]
        );
    }

    let best = places.get("search?q=pizza+las+vegas&sort=-stars&fields=stars,city&prefix=false");
    assert_eq!(best["interpretation"]["place"]["name"], "Las Vegas, NV");
    let stars = members(&best, "stars")
        .into_iter()
        .filter_map(Value::as_f64);
    let stars: Vec<f64> = stars.collect();
    assert!(
        !stars.is_empty() && stars.iter().rev().is_sorted(),
        "{stars:?}"
    );
    let hidden = members(&best, "categories");
    assert!(hidden.iter().all(|hidden| hidden.is_null()));
    check_said_otherwise(&places, &found);
    let mistyped = places.get("search?q=61820+szechaun&prefix=false");
    assert_eq!(mistyped["interpretation"]["did_you_mean"], "61820 szechuan");
    let suggested = places.get("suggest?q=pizza+las+v");
    assert_eq!(suggested["suggestions"][0]["query"], "pizza Las Vegas, NV");
}

#[test]
fn places_of_which_nobody_knows_where_they_are() {
    const FILE: &str = "yelp/business_2014_academic.csv";
    let Some(data) = data_with(&[FILE]) else {
        return;
    };
    let file = data.join(FILE);
    let source = tempfile::tempdir().unwrap();
    fs::copy(&file, source.path().join(file.file_name().unwrap())).unwrap();
    let places = UseCase::of(
        "places",
        &format!(
            "[collections.places]\ntitle = \"Places\"\nsource = \"{}\"\nlayout = \"yelp\"\n\
            [collections.places.search]\nlanguage = \"english\"\n",
            source.path().display()
        ),
    );
    let found = places.get("search?q=61820+pasta&count=40&prefix=false");
    let read = &found["interpretation"];
    let place = json!({ "name": "61820", "field": "postal_code" });
    assert_eq!(
        (&read["place"], &read["match"]),
        (&place, &json!(["meaning", "broader"]))
    );
    let items = found["items"].as_array().unwrap();
    assert!(items.iter().all(|item| item["postal_code"] == "61820"));
    let (italian, others) = items.split_at(9);
    assert!(italian.iter().all(|item| is_of(item, "Italian")));
    assert!(
        others
            .iter()
            .all(|item| is_of(item, "Restaurants") && !is_of(item, "Italian"))
    );
    assert!(!others.is_empty());
}

/// What is asked with a typo, in a whole sentence, or leafed through in an order, of the places of which `found` was found by "61820 pasta".
fn check_said_otherwise(places: &UseCase, found: &Value) {
    let mistyped = places.get("search?q=61820+pasat&count=9&prefix=false");
    assert_eq!(ids(&mistyped), ids(found)[..9]);
    // Words that say nothing of a place do not hide what kind of place is wanted.
    for sentence in ["good+pasta+61820", "61820+pasta+place"] {
        let said = places.get(&format!("search?q={sentence}&count=9&prefix=false"));
        let mut said = ids(&said);
        said.sort_unstable();
        let mut italian = ids(found)[..9].to_vec();
        italian.sort_unstable();
        assert_eq!(said, italian, "{sentence}");
    }
    // A place of which no file says where it is.
    let nowhere = places.get("search?q=pizza+in+berkeley&prefix=false");
    let place = &nowhere["interpretation"]["place"];
    assert_eq!(
        (&place["name"], &place["latitude"]),
        (&json!("Berkeley, CA"), &Value::Null)
    );
    let cities = members(&nowhere, "city");
    assert!(cities.iter().all(|city| *city == "Berkeley"), "{cities:?}");
    let said = places.get("search?q=sushi+in+las+vegas&prefix=false");
    assert_eq!(said["interpretation"]["place"]["name"], "Las Vegas, NV");
    let short = places.get("search?q=sushi+las+vegas&prefix=false");
    let [said, short] =
        [&said, &short].map(|found| ids(found).into_iter().collect::<BTreeSet<_>>());
    assert_eq!(said, short);
    let page = |cursor: &str| {
        places.get(&format!(
            "search?q=pizza&near=36.12,-115.17&sort=-stars&count=3{cursor}"
        ))
    };
    let (mut leafed, mut cursor) = (Vec::new(), String::new());
    loop {
        let found = page(&cursor);
        leafed.extend(ids(&found).iter().map(|id| (*id).to_owned()));
        match found["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let once: BTreeSet<&String> = leafed.iter().collect();
    assert!(once.len() == leafed.len() && 3 < leafed.len(), "{leafed:?}");
}

#[test]
fn playlists() {
    let Some(playlists) = UseCase::served("playlists", &["spotify-playlists"]) else {
        return;
    };
    let popular = playlists.get("popular?count=3");
    let songs = ids(&popular);
    let body = json!({ "history": songs, "algorithm": "rules", "explain": true });
    let found = playlists.recommended(&body);
    for item in found["items"].as_array().unwrap() {
        let rule = &item["rules"][0];
        let antecedent = rule["antecedent"].as_array().unwrap();
        assert!(!antecedent.is_empty());
        assert!(
            antecedent
                .iter()
                .all(|song| songs.iter().any(|id| song["id"] == *id)),
            "{item}"
        );
        assert!(2 <= rule["support"].as_u64().unwrap() && 1.0 <= rule["lift"].as_f64().unwrap());
    }

    let itself = playlists.itself();
    let titles = members(&popular, "title");
    let old = playlists.post_to("/api/recommend", &json!({ "songs": titles }));
    assert!(!old["songs"].as_array().unwrap().is_empty());
    assert_eq!(
        [&old["version"], &old["model_date"]],
        [&itself["generation"], &itself["created_at"]]
    );

    let nearest = playlists.post("baskets", &json!({ "history": songs }));
    let nearest = nearest["baskets"].as_array().unwrap();
    assert!(!nearest.is_empty());
    for basket in nearest {
        assert!(
            basket["name"] != "" && 1 <= basket["shared_count"].as_u64().unwrap(),
            "{basket}"
        );
    }
}

#[test]
fn groceries() {
    let Some(groceries) = UseCase::served("groceries", &["groceries"]) else {
        return;
    };
    assert_eq!(groceries.itself()["item_count"], 169);
    let body =
        json!({ "history": ["root vegetables", "butter"], "algorithm": "rules", "explain": true });
    let found = groceries.recommended(&body);
    assert_eq!(ids(&found)[0], "whole milk", "{found}");
}

#[test]
fn placement() {
    let Some(placement) = UseCase::served("placement", &["placement"]) else {
        return;
    };
    let quality = &placement.itself()["quality"];
    assert_eq!(quality["metric"], "accuracy");
    assert!(
        (0.82..0.9).contains(&quality["value"].as_f64().unwrap()),
        "{quality}"
    );

    let schema = placement.get("predictions/schema");
    let names: Vec<&str> = schema["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["name"].as_str().unwrap())
        .collect();
    let expected = [
        "gender",
        "ssc_p",
        "ssc_b",
        "hsc_p",
        "hsc_b",
        "hsc_s",
        "degree_p",
        "degree_t",
        "workex",
        "etest_p",
        "specialisation",
        "mba_p",
    ];
    assert_eq!(names, expected, "neither the row number nor the salary");

    let row = json!({
        "gender": "M", "ssc_p": 79.33, "ssc_b": "Central", "hsc_p": 78.33, "hsc_b": "Others", "hsc_s": "Science", "degree_p": 77.48,
        "degree_t": "Sci&Tech", "workex": "Yes", "etest_p": 86.5, "specialisation": "Mkt&Fin", "mba_p": 66.28,
    });
    let mut weak = row.clone();
    for (mark, value) in [("ssc_p", 45), ("hsc_p", 47), ("degree_p", 52)] {
        weak[mark] = value.into();
    }
    weak["workex"] = "No".into();
    let one = placement.post("predictions", &row);
    let batch = placement.post("predictions", &json!([row, weak]));
    assert_eq!(batch["predictions"][0], one["predictions"][0]);
    let classes = [0, 1].map(|row| batch["predictions"][row]["class"].clone());
    assert_eq!(classes, ["Placed", "Not Placed"]);
    for (prediction, row) in batch["predictions"]
        .as_array()
        .unwrap()
        .iter()
        .zip([&row, &weak])
    {
        let probability = prediction["probabilities"]["Placed"].as_f64().unwrap();
        let explanation = &prediction["explanation"];
        let contributions = explanation["contributions"].as_object().unwrap();
        let sum: f64 = contributions
            .values()
            .map(|share| share.as_f64().unwrap())
            .sum();
        assert!((explanation["base"].as_f64().unwrap() + sum - probability).abs() < 1e-6);
        // The alias is true above one half.
        let old = placement.post_to("/predict", &json!([row]));
        assert_eq!(
            old,
            json!({ "Placement_Probability": probability, "Placement": 0.5 < probability })
        );
    }
}
