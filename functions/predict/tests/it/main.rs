//! Requests to the function and what it answers, over a small model in memory.

use index::{
    FileKind, Outline, SortedMap,
    model::{Field, FieldKind, ModelWriter, Node, Parameters, Schema, Term},
};
use kit::{
    Context,
    http::Response,
    respond,
    settings::Settings,
    testing::{self, TestStorage},
};
use pointer::{CollectionKeys, FileEntry, MANIFEST_VERSION, Manifest};
use serde_json::{Value, json};

/// What the interface promises; the file belongs to the function that serves it.
const DESCRIPTION: &str = include_str!("../../../catalog/openapi.json");

const GENERATION: &str = "0123456789abcdef";

fn schema() -> Schema {
    let number = |name: &str, is_optional| Field {
        name: name.to_owned(),
        is_optional,
        kind: FieldKind::Number {
            minimum: 0.0,
            maximum: 10.0,
            median: 4.0,
        },
    };
    let cities = Field {
        name: "city".to_owned(),
        is_optional: false,
        kind: FieldKind::Categories(vec!["A".to_owned(), "B".to_owned()]),
    };
    Schema {
        target: "status".to_owned(),
        classes: vec!["Not Placed".to_owned(), "Placed".to_owned()],
        positive: 1,
        fields: vec![number("mark", false), cities, number("age", true)],
    }
}

/// Good marks, or a mediocre one in B.
fn forest() -> Parameters {
    let split = |column, threshold, left| Node::Split {
        column,
        threshold,
        left,
    };
    let leaf = |no, yes| Node::Leaf(vec![no, yes]);
    let tree = vec![
        split(0, 5.0, 1),
        split(2, 0.5, 3),
        leaf(0, 4),
        leaf(4, 0),
        leaf(1, 3),
    ];
    Parameters::Forest(vec![tree])
}

fn logistic() -> Parameters {
    let terms = [(0.5, 4.0), (-1.0, 0.5), (1.0, 0.5), (0.0, 30.0)];
    Parameters::Logistic {
        base: 0.25,
        terms: terms
            .map(|(coefficient, mean)| Term { coefficient, mean })
            .to_vec(),
    }
}

/// A storage with the collection `jobs`.
fn jobs(parameters: Parameters) -> TestStorage {
    let file = ModelWriter::new(schema(), "made by hand", parameters)
        .unwrap()
        .finish()
        .unwrap();
    let outline = Outline::of(FileKind::Model, &file).unwrap();
    let entry = FileEntry::new(&outline, file.len() as u64, "0".repeat(64));
    let manifest = Manifest {
        version: MANIFEST_VERSION,
        collection: "jobs".to_owned(),
        title: "Jobs".to_owned(),
        generation: GENERATION.to_owned(),
        created_at: "2026-11-21T12:00:00Z".to_owned(),
        item_count: 0,
        synthetic: true,
        values: None,
        quality: None,
        files: SortedMap::from([("model".to_owned(), entry)]),
        blend: Vec::new(),
        previous: None,
    };
    let keys = CollectionKeys::new("", "jobs");
    let mut storage = TestStorage::films();
    storage.objects.insert(keys.file(GENERATION, "model"), file);
    storage
        .objects
        .insert(keys.pointer(), manifest.to_compact());
    storage
}

/// The one door to the function.
fn ask(storage: &TestStorage, line: &str, body: &str) -> Response {
    let settings = Settings {
        collections: vec!["jobs".to_owned(), "movies".to_owned()],
        default_collection: "jobs".to_owned(),
        ..testing::settings()
    };
    let request = testing::request(line, body);
    let storage = storage.unread();
    let response = respond(
        &request,
        &predict::ROUTES,
        &Context::new(&settings, &storage, || 7),
    );
    if response.status != 404 {
        testing::assert_described(DESCRIPTION, &request, &response);
    }
    response
}

fn answer(storage: &TestStorage, line: &str, body: &Value, status: u16) -> Value {
    let response = ask(storage, line, &body.to_string());
    assert_eq!(
        response.status,
        status,
        "{body}: {}",
        String::from_utf8_lossy(&response.body)
    );
    testing::body(&response)
}

const PREDICTIONS: &str = "POST /v1/jobs/predictions";

#[test]
fn a_row_gets_its_class_and_why() {
    let found = answer(
        &jobs(forest()),
        PREDICTIONS,
        &json!({ "mark": 4, "city": "B", "age": null }),
        200,
    );
    assert_eq!(
        (&found["generation"], &found["algorithm"], &found["target"]),
        (&json!(GENERATION), &json!("forest"), &json!("status"))
    );
    let prediction = &found["predictions"][0];
    assert_eq!(
        (&prediction["class"], &prediction["probabilities"]),
        (
            &json!("Placed"),
            &json!({ "Not Placed": 0.25, "Placed": 0.75 })
        )
    );
    assert_eq!(prediction["warnings"], json!([]));
    let explanation = &prediction["explanation"];
    assert_eq!(
        (&explanation["class"], &explanation["scale"]),
        (&json!("Placed"), &json!("probability"))
    );
    let contributions = explanation["contributions"].as_object().unwrap();
    let sum: f64 = contributions
        .values()
        .map(|value| value.as_f64().unwrap())
        .sum();
    assert!((explanation["base"].as_f64().unwrap() + sum - 0.75).abs() < 1e-12);
    assert_eq!(contributions["age"], json!(0.0));
    assert!(0.0 < contributions["city"].as_f64().unwrap());
}

#[test]
fn rows_are_answered_in_their_order_and_unexplained_where_that_is_wanted() {
    let rows = json!([{ "mark": 9, "city": "A" }, { "mark": 1, "city": "A", "age": 12 }]);
    let found = answer(
        &jobs(logistic()),
        &format!("{PREDICTIONS}?explain=false"),
        &rows,
        200,
    );
    let predictions = found["predictions"].as_array().unwrap();
    let classes: Vec<&str> = predictions
        .iter()
        .map(|prediction| prediction["class"].as_str().unwrap())
        .collect();
    assert_eq!(classes, ["Placed", "Not Placed"]);
    assert!(predictions[0].get("explanation").is_none());
    assert_eq!(
        predictions[1]["warnings"],
        json!([{ "field": "age", "message": "12 is beyond what was learnt from, 0 to 10" }])
    );
    let found = answer(&jobs(logistic()), PREDICTIONS, &rows[0], 200);
    let explanation = &found["predictions"][0]["explanation"];
    assert_eq!(
        (&explanation["scale"], &explanation["base"]),
        (&json!("log-odds"), &json!(0.25))
    );
    assert_eq!(
        explanation["contributions"],
        json!({ "mark": 2.5, "city": -1.0, "age": 0.0 })
    );
    assert_eq!(
        answer(&jobs(forest()), PREDICTIONS, &json!([]), 200)["predictions"],
        json!([])
    );
}

#[test]
fn the_schema_has_what_a_form_needs() {
    let response = ask(&jobs(forest()), "GET /v1/jobs/predictions/schema", "");
    let found = testing::body(&response);
    assert_eq!(
        (&found["positive"], &found["classes"]),
        (&json!("Placed"), &json!(["Not Placed", "Placed"]))
    );
    let expected = json!([
        { "name": "mark", "required": true, "type": "number", "minimum": 0.0, "maximum": 10.0, "median": 4.0 },
        { "name": "city", "required": true, "type": "category", "values": ["A", "B"] },
        { "name": "age", "required": false, "type": "number", "minimum": 0.0, "maximum": 10.0, "median": 4.0 },
    ]);
    assert_eq!(found["fields"], expected);
    assert!(
        response.header("etag").is_some()
            && response
                .header("server-timing")
                .unwrap()
                .contains("round trips: 2")
    );
}

#[test]
fn what_the_schema_does_not_allow_is_refused_by_name() {
    let storage = jobs(forest());
    let check = |body: Value, slug: &str, field: &str, detail: &str| {
        let found = answer(&storage, PREDICTIONS, &body, 422);
        assert!(found["type"].as_str().unwrap().ends_with(slug), "{found}");
        assert_eq!(found["field"], field);
        assert!(
            found["detail"].as_str().unwrap().contains(detail),
            "{found}"
        );
    };
    check(
        json!({ "city": "A" }),
        "invalid-value",
        "mark",
        "`mark` is missing",
    );
    check(
        json!([{ "mark": 1, "city": "A" }, { "mark": null, "city": "A" }]),
        "invalid-value",
        "the body[1].mark",
        "is missing",
    );
    check(
        json!({ "mark": 1, "city": "C" }),
        "invalid-value",
        "city",
        "is to be one of `A`, `B`",
    );
    check(
        json!({ "mark": "1", "city": "A" }),
        "wrong-type",
        "mark",
        "a number",
    );
    check(
        json!({ "mark": 1, "city": 2 }),
        "wrong-type",
        "city",
        "a text",
    );
    check(
        json!({ "mark": 1, "city": "A", "salary": 3 }),
        "unknown-field",
        "salary",
        "`mark`, `city`, `age`",
    );
    check(json!(7), "wrong-type", "the body", "an object");
    let row = json!({ "mark": 1, "city": "A" });
    check(json!(vec![row; 101]), "too-many", "the body", "at most 100");
    let malformed = ask(&storage, PREDICTIONS, "{\"mark\": NaN}");
    assert_eq!(malformed.status, 400);
    assert_eq!(
        ask(&storage, "POST /v1/movies/predictions", "{}").status,
        404
    );
    assert_eq!(ask(&storage, "POST /v1/none/predictions", "{}").status, 404);
}

#[test]
fn the_alias_has_its_old_shape_and_tolerates_what_it_is_sent() {
    let check = |body: Value, probability: f64, is_placed: bool| {
        let found = answer(&jobs(forest()), "POST /predict", &body, 200);
        assert_eq!(
            found,
            json!({ "Placement_Probability": probability, "Placement": is_placed })
        );
    };
    check(json!([{ "mark": "4", "city": "B" }]), 0.75, true);
    check(json!({ "MARK": 4.0, "city": "B", "salary": 1 }), 0.75, true);
    check(json!({ "mark": 4, "city": "nowhere" }), 0.0, false);
    // What is no finite number is as good as missing.
    for mark in ["NaN", "inf", "-inf", "1e999", ""] {
        check(json!({ "mark": mark, "city": "B" }), 0.75, true);
    }
    check(json!({}), 0.0, false);
    for body in [json!([]), json!([{}, {}]), json!("row")] {
        let found = answer(&jobs(forest()), "POST /predict", &body, 500);
        assert!(found["error"].is_string());
    }
}
