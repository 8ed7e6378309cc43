//! What the functions say to those who ask as they should not.

use kit::json::BODY;
use kit::limits::{
    COUNT_RANGE, MAXIMUM_BODY_LEN_BYTES, MAXIMUM_EXCLUDE_COUNT, MAXIMUM_HISTORY_COUNT,
    MAXIMUM_ID_COUNT, MAXIMUM_QUERY_LEN_BYTES,
};
use serde_json::{Value, json};

use crate::bucket::Bucket;
use crate::films::publish_films;
use crate::site::Site;

const RECOMMENDATIONS: &str = "/v1/movies/recommendations";

/// A site with films that is asked for what it refuses.
struct Films {
    site: Site,
    _bucket: Bucket,
}

/// How a request is to be refused.
struct Refusal<'a> {
    status: u16,
    slug: &'a str,
    /// What is in the problem beside its sentence.
    members: Value,
    /// What its sentence says.
    says: &'a str,
}

impl Films {
    fn start() -> Self {
        let bucket = Bucket::start();
        publish_films(&bucket);
        Self {
            site: Site::start(&bucket),
            _bucket: bucket,
        }
    }

    fn get(&self, path: &str, refusal: &Refusal) {
        self.check("GET", path, b"", refusal);
    }

    fn post(&self, body: impl AsRef<[u8]>, refusal: &Refusal) {
        self.check("POST", RECOMMENDATIONS, body.as_ref(), refusal);
    }

    fn check(&self, method: &str, path: &str, body: &[u8], refusal: &Refusal) {
        let Refusal {
            status,
            slug,
            members,
            says,
        } = refusal;
        let problem = self.site.ask(method, path, body).problem(*status, slug);
        for (name, value) in members.as_object().unwrap() {
            assert_eq!(problem[name], *value, "{path} {problem}");
        }
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(says), "{path} {detail}");
    }

    /// The longest that is allowed is answered.
    fn accepts(&self, body: &str) {
        let answer = self.site.ask("POST", RECOMMENDATIONS, body.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.json());
    }
}

fn refusal<'a>(status: u16, slug: &'a str, members: Value, says: &'a str) -> Refusal<'a> {
    Refusal {
        status,
        slug,
        members,
        says,
    }
}

#[test]
fn what_is_not_there_is_404() {
    let films = Films::start();
    for rest in ["", "/similar"] {
        let path = format!("/v1/movies/items/999{rest}");
        let unknown = refusal(404, "unknown-item", json!({}), "no item `999`");
        films.get(&path, &unknown);
    }
    for route in [
        "popular",
        "onboarding",
        "recommendations",
        "items?ids=1",
        "items/1",
        "items/1/similar",
    ] {
        let known = json!({ "known": ["movies", "books"] });
        let unknown = refusal(404, "unknown-collection", known, "songs");
        films.get(&format!("/v1/songs/{route}"), &unknown);
    }
    let nothing = films.site.send("GET", "/v2/anything", &[], b"");
    nothing.problem(404, "no-such-route");
}

#[test]
fn malformed_json_is_400_with_its_position() {
    let films = Films::start();
    let malformed = |line: usize, column: usize, says| {
        let position = json!({ "position": { "line": line, "column": column } });
        refusal(400, "malformed-json", position, says)
    };
    films.post("{\"history\": [\"1\",\n  }", &malformed(2, 3, "line 2"));
    films.post("", &malformed(1, 0, "the body is no JSON"));
    films.post(
        b"{\"history\": [\"\xff\"]}",
        &refusal(400, "malformed-json", json!({}), "the body is no JSON"),
    );
    films.get("/v1/movies/popular?filter=%7B", &malformed(1, 1, "filter"));
}

#[test]
fn beyond_a_limit_is_413_414_or_422_with_the_limit() {
    let films = Films::start();

    let limit = MAXIMUM_BODY_LEN_BYTES;
    let says = limit.to_string();
    let too_large = refusal(413, "body-too-large", json!({ "limit": limit }), &says);
    // A client that sends all before it listens gets the answer to a large body, too.
    for len_bytes in [limit + 1, 32 * limit] {
        films.post(" ".repeat(len_bytes), &too_large);
    }
    films.accepts(&format!("{{}}{}", " ".repeat(limit - 2)));

    let limit = MAXIMUM_QUERY_LEN_BYTES;
    let says = limit.to_string();
    films.get(
        &format!("{RECOMMENDATIONS}?history={}", "1,".repeat(limit / 2)),
        &refusal(414, "query-too-long", json!({ "limit": limit }), &says),
    );

    let too_many = |field: &str, limit: usize, ask: &dyn Fn(&Refusal)| {
        let members = json!({ "field": field, "limit": limit });
        let says = limit.to_string();
        ask(&refusal(422, "too-many", members, &says));
    };
    for (field, limit) in [
        ("history", MAXIMUM_HISTORY_COUNT),
        ("exclude", MAXIMUM_EXCLUDE_COUNT),
    ] {
        let body = |count| json!({ field: vec!["1"; count] }).to_string();
        too_many(field, limit, &|refusal| {
            films.post(body(limit + 1), refusal);
        });
        films.accepts(&body(limit));
    }
    let ids = vec!["1"; MAXIMUM_ID_COUNT + 1].join(",");
    too_many("ids", MAXIMUM_ID_COUNT, &|refusal| {
        films.get(&format!("/v1/movies/items?ids={ids}"), refusal);
    });

    let (minimum, maximum) = (COUNT_RANGE.start(), COUNT_RANGE.end());
    let members = json!({ "field": "count", "minimum": minimum, "maximum": maximum });
    let says = format!("between {minimum} and {maximum}");
    let out_of_range = refusal(422, "out-of-range", members, &says);
    for count in [minimum - 1, maximum + 1] {
        let path = format!("/v1/movies/popular?count={count}");
        films.get(&path, &out_of_range);
    }
    films.post(
        r#"{"history": [{"id": "1", "value": 5.5}]}"#,
        &refusal(
            422,
            "out-of-range",
            json!({ "field": "history[0].value", "minimum": 0.5, "maximum": 5 }),
            "between 0.5 and 5",
        ),
    );
}

#[test]
fn what_cannot_be_meant_is_422_with_the_field() {
    let films = Films::start();
    for (body, field) in [
        ("[]", BODY),
        (r#"{"history": "1"}"#, "history"),
        (r#"{"history": [1]}"#, "history[0]"),
        (r#"{"history": ["1", {"id": 2}]}"#, "history[1].id"),
        (
            r#"{"history": [{"id": "2", "value": "good"}]}"#,
            "history[0].value",
        ),
        (r#"{"count": "many"}"#, "count"),
        (r#"{"explain": 1}"#, "explain"),
        (r#"{"exclude": [7]}"#, "exclude[0]"),
        (r#"{"diversity": true}"#, "diversity"),
    ] {
        let members = json!({ "field": field });
        films.post(body, &refusal(422, "wrong-type", members, field));
    }
    let field = |slug, field, says| refusal(422, slug, json!({ "field": field }), says);
    films.post(
        r#"{"histroy": []}"#,
        &field("unknown-field", "histroy", "history"),
    );
    films.post(
        r#"{"algorithm": "magic"}"#,
        &field("invalid-value", "algorithm", "auto"),
    );
    films.get("/v1/movies/items", &field("invalid-value", "ids", "title"));
}
