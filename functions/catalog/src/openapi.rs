//! Writes `openapi.json` and holds it against the code.
//!
//! The description is put together here and not in the component, which carries only the finished text. Paths and limits are the constants that the functions
//! use; that answers are as the schemas say is checked by the tests of both functions, which hold every answer against them.
//!
//! `UPDATE_OPENAPI=1 cargo test -p catalog` writes the file again.

#![allow(
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "a description is one long value, put together from values"
)]

use index::{Algorithm, Match};
use kit::{
    Route,
    http::Method,
    limits::{
        COUNT_RANGE, DEFAULT_COUNT, DEFAULT_ONBOARDING_COUNT, MAXIMUM_BODY_LEN_BYTES,
        MAXIMUM_EXCLUDE_COUNT, MAXIMUM_FILTER_VALUE_COUNT, MAXIMUM_HISTORY_COUNT, MAXIMUM_ID_COUNT,
        MAXIMUM_QUERY_LEN_BYTES, MAXIMUM_ROW_COUNT, MAXIMUM_WORD_COUNT,
    },
    paths,
};
use serde_json::{Map, Value, json};

#[test]
fn the_description_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let document = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        committed == document,
        "openapi.json is not what the code says: `UPDATE_OPENAPI=1 cargo test -p catalog` writes it again"
    );
}

#[test]
fn every_route_of_this_function_is_described() {
    let document = document();
    for Route { method, path, .. } in crate::ROUTES {
        let method = match method {
            Method::Post => "post",
            _ => "get",
        };
        assert!(document["paths"][path][method].is_object(), "{path}");
    }
}

fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Kindred",
            "version": "1",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": format!(
                "Recommendations from small index files. Ids are texts. What goes wrong is said as `application/problem+json` (RFC 9457) with a stable `type`. \
                 Every answer below `/v1/{{collection}}` names the collection and the generation that it was answered from, and says so where it may be \
                 `stale`; `Server-Timing` says how many round trips to the storage it took, and what they brought. What may be kept has an `ETag`; asked for again with `If-None-Match`, it is 304 as long as its generation \
                 is current.\n\n\
                 Limits: a body has at most {MAXIMUM_BODY_LEN_BYTES} bytes (413), a query string at most {MAXIMUM_QUERY_LEN_BYTES} bytes (414), a history at most \
                 {MAXIMUM_HISTORY_COUNT} entries, `exclude` at most {MAXIMUM_EXCLUDE_COUNT} ids, `ids` at most {MAXIMUM_ID_COUNT} ids, a list within a filter at most \
                 {MAXIMUM_FILTER_VALUE_COUNT} texts, predictions at most {MAXIMUM_ROW_COUNT} rows, `count` is from {} to {} (422). The answer that refuses a request repeats the limit.",
                COUNT_RANGE.start(),
                COUNT_RANGE.end(),
            ),
        },
        "paths": described_paths(),
        "components": { "schemas": schemas() },
    })
}

fn described_paths() -> Value {
    let mut described = Map::new();
    let mut add = |path: &str, operations: Value| described.insert(path.to_owned(), operations);

    let recommendations = "`auto` takes what was learnt for histories of this length, else the best that the collection has, says in `algorithm` what it took, and falls back to popular items where the history says \
                           nothing, which it says in `fallback`; any other algorithm does what it says. Entries with a value below the collection's neutral one lower their \
                           neighbours. `preferences` lift what they describe and exclude nothing; they need no history.";
    let mut query = vec![
        parameter(
            "history",
            "Ids separated by commas, each with a value if wanted: `1,2:4.5`",
            json!({ "type": "string" }),
        ),
        parameter("algorithm", "How to find the items", schema("Algorithm")),
        count(DEFAULT_COUNT),
        must_be(),
        filter("preferences", "What the items had better be, as JSON"),
        parameter(
            "exclude",
            "Ids separated by commas that are not wanted",
            json!({ "type": "string" }),
        ),
        parameter(
            "diversity",
            "From 0, the best scores, to 1, the greatest variety",
            share(),
        ),
        parameter(
            "explain",
            "Whether to say why",
            json!({ "type": "boolean", "default": false }),
        ),
    ];
    query.insert(0, collection());
    add(
        paths::RECOMMENDATIONS,
        json!({
            "post": {
                "operationId": "recommend",
                "summary": "Recommendations for a history",
                "description": recommendations,
                "parameters": [collection()],
                "requestBody": { "required": true, "content": { "application/json": { "schema": schema("RecommendationRequest") } } },
                "responses": responses("RecommendationAnswer"),
            },
            "get": {
                "operationId": "recommendByLink",
                "summary": "The same, for links and caches",
                "description": recommendations,
                "parameters": query,
                "responses": responses("RecommendationAnswer"),
            },
        }),
    );
    let query = format!(
        "Words in any order; the first {MAXIMUM_WORD_COUNT} are read. Nothing: what is popular"
    );
    let prefix = "Whether the last word may not be finished, as while it is typed; a space behind it finishes it too";
    add(
        paths::SEARCH,
        get(
            "search",
            "Items by their words, with typos",
            vec![
                collection(),
                parameter("q", &query, json!({ "type": "string" })),
                parameter(
                    "prefix",
                    prefix,
                    json!({ "type": "boolean", "default": true }),
                ),
                count(DEFAULT_COUNT),
                parameter(
                    "cursor",
                    "What the answer before gave, for the items behind its own",
                    json!({ "type": "string" }),
                ),
                must_be(),
                parameter(
                    "near",
                    "`latitude,longitude`: what is near comes first, or where `radius_km` is given alone",
                    json!({ "type": "string" }),
                ),
                parameter(
                    "radius_km",
                    "How far around `near` is meant; nothing beyond it is found",
                    json!({ "type": "number", "minimum": 0 }),
                ),
                parameter(
                    "bounds",
                    "`south,west,north,east`: nothing outside is found",
                    json!({ "type": "string" }),
                ),
                parameter(
                    "sort",
                    "A field by which the items are put in order, with `-` before it the greatest first",
                    json!({ "type": "string" }),
                ),
                parameter(
                    "facets",
                    "Fields, with commas between them, whose values are counted in all that is found",
                    json!({ "type": "string" }),
                ),
                parameter(
                    "fields",
                    "The fields that are shown, with commas between them; not given: all",
                    json!({ "type": "string" }),
                ),
                parameter(
                    "history",
                    "Ids, with commas between them, of what somebody likes: what would be recommended counts more",
                    json!({ "type": "string" }),
                ),
            ],
            "SearchAnswer",
        ),
    );
    add(
        paths::SUGGEST,
        get(
            "suggest",
            "What somebody may be about to write",
            vec![
                collection(),
                parameter("q", "What is written so far", json!({ "type": "string" })),
                count(DEFAULT_COUNT),
            ],
            "SuggestAnswer",
        ),
    );
    add(
        paths::SIMILAR,
        get(
            "similar",
            "Items like one",
            vec![collection(), id(), count(DEFAULT_COUNT), must_be()],
            "ItemsAnswer",
        ),
    );
    add(
        paths::POPULAR,
        get(
            "popular",
            "What is popular",
            vec![collection(), count(DEFAULT_COUNT), must_be()],
            "ItemsAnswer",
        ),
    );
    add(
        paths::ONBOARDING,
        get(
            "onboarding",
            "A spread of well-known items to rate first",
            vec![collection(), count(DEFAULT_ONBOARDING_COUNT)],
            "ItemsAnswer",
        ),
    );
    add(
        paths::CLUSTERS,
        get(
            "clusters",
            "The catalogue as clusters of items that the same people touch, with names",
            vec![collection()],
            "ClustersAnswer",
        ),
    );
    add(
        paths::CLUSTER,
        get(
            "cluster",
            "The members of a cluster, those that are recommended most first",
            vec![
                collection(),
                path_parameter("cluster", "The cluster's number"),
                count(DEFAULT_COUNT),
            ],
            "ClusterAnswer",
        ),
    );
    add(
        paths::BASKETS,
        json!({ "post": {
            "operationId": "baskets",
            "summary": "The baskets, such as playlists, that have most in common with some items",
            "parameters": [collection()],
            "requestBody": { "required": true, "content": { "application/json": { "schema": schema("BasketsRequest") } } },
            "responses": responses("BasketsAnswer"),
        } }),
    );
    let titles = "A title, with or without its year: `Heat (1995)`. Of several items of one title the most popular is meant. Instead of `ids`";
    let ids = format!("At most {MAXIMUM_ID_COUNT} ids, separated by commas");
    add(
        paths::ITEMS,
        get(
            "items",
            "Records by ids or by title",
            vec![
                collection(),
                parameter("ids", &ids, json!({ "type": "string" })),
                parameter("title", titles, json!({ "type": "string" })),
            ],
            "LookUpAnswer",
        ),
    );
    add(
        paths::ITEM,
        get(
            "item",
            "The record of an item",
            vec![collection(), id()],
            "ItemAnswer",
        ),
    );
    let explain = "Whether to say what each field contributed";
    let predictions = "A field that the schema calls required is to be there, and a text is to be one of the field's; a number beyond all that were learnt from is a warning. \
                       The contributions are exact Shapley values: with the base they add up to the probability, or to the logarithm of the odds, of the class that the explanation names.";
    add(
        paths::PREDICTIONS,
        json!({ "post": {
            "operationId": "predict",
            "summary": "Predictions for a row, or for a list of rows",
            "description": predictions,
            "parameters": [collection(), parameter("explain", explain, json!({ "type": "boolean", "default": true }))],
            "requestBody": { "required": true, "content": { "application/json": { "schema": { "oneOf": [
                schema("Row"),
                { "type": "array", "maxItems": MAXIMUM_ROW_COUNT, "items": schema("Row") },
            ] } } } },
            "responses": responses("PredictionAnswer"),
        } }),
    );
    add(
        paths::PREDICTION_SCHEMA,
        get(
            "predictionSchema",
            "What a row has: fields, types, ranges, allowed texts",
            vec![collection()],
            "PredictionSchema",
        ),
    );
    add(
        paths::PREDICT,
        alias(
            "post",
            json!({
                "operationId": "oldPredict",
                "summary": "Alias for older frontends: whether somebody gets a job, from the default collection of predictions",
                "requestBody": { "required": true, "content": { "application/json": { "schema": { "oneOf": [schema("OldRow"), list(schema("OldRow"))] } } } },
            }),
            "OldPrediction",
        ),
    );
    add(
        paths::COLLECTIONS,
        get(
            "collections",
            "What is served",
            Vec::new(),
            "CollectionsAnswer",
        ),
    );
    add(
        paths::HEALTHZ,
        get(
            "healthz",
            "Whether the function is alive",
            Vec::new(),
            "Alive",
        ),
    );
    add(
        paths::READYZ,
        get(
            "readyz",
            "Whether the function can answer: reads every pointer and the heads of its files; 503 when the default collection cannot be served",
            Vec::new(),
            "Ready",
        ),
    );
    let function = || path_parameter("function", "The function's name: that of its component");
    add(
        paths::FUNCTION_HEALTHZ,
        get(
            "functionHealthz",
            "Whether a function that runs without the others is alive",
            vec![function()],
            "Alive",
        ),
    );
    add(
        paths::FUNCTION_READYZ,
        get(
            "functionReadyz",
            "Whether it can answer: 503 when no collection is published, or the storage cannot be reached",
            vec![function()],
            "FunctionReady",
        ),
    );
    add(
        paths::OPENAPI,
        json!({ "get": {
            "operationId": "openapi",
            "summary": "This description",
            "responses": { "200": { "description": "OpenAPI 3.1", "content": { "application/json": { "schema": { "type": "object" } } } } },
        } }),
    );
    add(
        paths::GETRANDOM,
        alias(
            "get",
            json!({
                "operationId": "getrandom",
                "summary": "Alias for older frontends: random well-known items of the default collection",
                "parameters": [parameter("count", "How many", json!({ "type": "integer", "default": 4 }))],
            }),
            "OldRandomAnswer",
        ),
    );
    add(
        paths::GETRECOMCOLLAB,
        alias(
            "post",
            json!({
                "operationId": "getrecomcollab",
                "summary": "Alias for older frontends: recommendations for rated titles, from the default collection",
                "requestBody": { "required": true, "content": { "application/json": { "schema": schema("OldRatings") } } },
            }),
            "OldRecommendations",
        ),
    );
    add(
        paths::GETRECOM,
        alias(
            "post",
            json!({
                "operationId": "getrecom",
                "summary": "Alias for older frontends: five recommendations for rated ids, by clusters, from the default collection",
                "requestBody": { "required": true, "content": { "application/json": { "schema": schema("OldRatedIds") } } },
            }),
            "OldResults",
        ),
    );
    add(
        paths::API_RECOMMEND,
        alias(
            "post",
            json!({
                "operationId": "apiRecommend",
                "summary": "Alias for older frontends: songs that go with songs, by title or id, from the collection of playlists",
                "requestBody": { "required": true, "content": { "application/json": { "schema": schema("OldSongs") } } },
            }),
            "OldSongsAnswer",
        ),
    );
    add(
        paths::ROOT,
        json!({ "get": {
            "operationId": "working",
            "summary": "Alias for older frontends: a sign of life",
            "responses": { "200": { "description": "`working`", "content": { "text/plain": { "schema": { "const": "working" } } } } },
        } }),
    );
    Value::Object(described)
}

fn get(operation: &str, summary: &str, parameters: Vec<Value>, answer: &str) -> Value {
    json!({ "get": {
        "operationId": operation,
        "summary": summary,
        "parameters": parameters,
        "responses": responses(answer),
    } })
}

fn alias(method: &str, mut operation: Value, answer: &str) -> Value {
    operation["deprecated"] = json!(true);
    operation["responses"] = json!({
        "200": content("The answer in its old shape", "application/json", answer),
        "500": content("Whatever went wrong", "application/json", "OldError"),
    });
    json!({ method: operation })
}

fn responses(answer: &str) -> Value {
    json!({
        "200": content("The answer", "application/json", answer),
        "4XX": content("The request cannot be answered", "application/problem+json", "Problem"),
        "5XX": content("The request cannot be answered at the moment", "application/problem+json", "Problem"),
    })
}

fn content(description: &str, content_type: &str, name: &str) -> Value {
    json!({ "description": description, "content": { content_type: { "schema": schema(name) } } })
}

fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn parameter(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}

fn path_parameter(name: &str, description: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": description, "schema": { "type": "string" } })
}

fn collection() -> Value {
    path_parameter("collection", "The collection's name")
}

fn id() -> Value {
    path_parameter("id", "The item's id, percent-encoded")
}

fn count(default: usize) -> Value {
    parameter("count", "How many items", count_schema(default))
}

fn count_schema(default: usize) -> Value {
    json!({ "type": "integer", "minimum": COUNT_RANGE.start(), "maximum": COUNT_RANGE.end(), "default": default })
}

fn must_be() -> Value {
    filter("filter", "What the items must be, as JSON")
}

fn filter(name: &str, description: &str) -> Value {
    json!({
        "name": name,
        "in": "query",
        "description": description,
        "content": { "application/json": { "schema": schema("Filter") } },
    })
}

fn share() -> Value {
    json!({ "type": "number", "minimum": 0, "maximum": 1, "default": 0 })
}

/// An object with these members and no others; those whose name ends in a question mark may be missing.
fn object(members: Value) -> Value {
    let Value::Object(members) = members else {
        panic!("members are an object")
    };
    let required: Vec<&String> = members.keys().filter(|name| !name.ends_with('?')).collect();
    let properties: Map<String, Value> = members
        .iter()
        .map(|(name, schema)| (name.trim_end_matches('?').to_owned(), schema.clone()))
        .collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn list(entries: Value) -> Value {
    json!({ "type": "array", "items": entries })
}

fn schemas() -> Value {
    let text = || json!({ "type": "string" });
    let number = || json!({ "type": "number" });
    let stale = json!({
        "const": true,
        "description": "There when another generation may be current: the storage cannot be asked, or the files of the current one are missing",
    });
    let answered = |mut members: Value| {
        members["collection"] = text();
        members["generation"] = text();
        members["stale?"] = stale.clone();
        object(members)
    };
    let cluster = || json!({ "cluster": { "type": "integer" }, "name": text(), "item_count": { "type": "integer" } });
    let mut cluster_with_items = cluster();
    cluster_with_items["items"] = list(schema("Item"));
    let algorithms = Algorithm::ALL.map(Algorithm::name);
    let choices = [&["auto"], &algorithms[..]].concat();
    let answered_by = [&algorithms[..], &["blend"]].concat();
    let status = json!({ "enum": ["ready", "unpublished", "damaged"] });
    json!({
        "Algorithm": { "enum": choices, "default": "auto" },
        "Filter": {
            "type": "object",
            "description": "Any of the values within a field, all of the fields together. Which fields there are is the catalogue's to say; an unknown one is refused with the known ones.",
            "additionalProperties": { "oneOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": MAXIMUM_FILTER_VALUE_COUNT },
                { "type": "number" },
                { "type": "object", "properties": { "min": { "type": "number" }, "max": { "type": "number" } }, "minProperties": 1, "additionalProperties": false },
                { "type": "object", "properties": { "min": { "type": "string" }, "max": { "type": "string" } }, "minProperties": 1, "additionalProperties": false },
            ] },
        },
        "RecommendationRequest": object(json!({
            "history?": {
                "type": "array",
                "maxItems": MAXIMUM_HISTORY_COUNT,
                "description": "What the person touched: ids, or objects with an id or a title and maybe a value on the collection's scale. Of two entries for one item the later counts.",
                "items": { "oneOf": [text(), schema("HistoryEntry")] },
            },
            "algorithm?": schema("Algorithm"),
            "count?": count_schema(DEFAULT_COUNT),
            "filter?": schema("Filter"),
            "preferences?": schema("Filter"),
            "exclude?": { "type": "array", "maxItems": MAXIMUM_EXCLUDE_COUNT, "items": text(), "description": "Ids that are not wanted beside those of the history" },
            "diversity?": share(),
            "explain?": { "type": "boolean", "default": false },
        })),
        "HistoryEntry": object(json!({ "id?": text(), "title?": text(), "value?": number() })),
        "Item": {
            "type": "object",
            "description": "A record: id, title, the fields of its catalogue, and what the question adds",
            "properties": {
                "id": text(),
                "title": text(),
                "image": { "type": "string", "description": "The address of a picture, or an empty text" },
                "score": { "type": "number", "description": "The higher, the better; comparable within one answer" },
                "reasons": list(schema("Reason")),
                "rules": list(schema("Rule")),
                "match": schema("Match"),
                "distance_km": { "type": "number", "description": "From the middle of the place" },
                "highlights": { "type": "object", "description": "By field, its texts as HTML with the words of the query between `<mark>` and `</mark>`", "additionalProperties": list(text()) },
            },
            "required": ["id", "title", "image"],
            "additionalProperties": { "type": ["string", "number", "array"] },
        },
        "Reason": object(json!({ "id": text(), "title": text(), "contribution": number() })),
        "Name": object(json!({ "id": text(), "title": text() })),
        "Rule": object(json!({
            "antecedent": list(schema("Name")),
            "support": { "type": "integer", "description": "In how many baskets all of it is" },
            "confidence": number(),
            "lift": number(),
            "leverage": number(),
            "conviction": { "type": ["number", "null"], "description": "Absent where the rule is never wrong" },
        })),
        "ClustersAnswer": answered(json!({ "clusters": list(object(cluster())) })),
        "ClusterAnswer": answered(cluster_with_items),
        "BasketsRequest": object(json!({
            "history?": { "type": "array", "maxItems": MAXIMUM_HISTORY_COUNT, "items": { "oneOf": [text(), schema("HistoryEntry")] } },
            "count?": count_schema(DEFAULT_COUNT),
        })),
        "BasketsAnswer": answered(json!({
            "unknown": list(text()),
            "baskets": list(object(json!({
                "id": text(),
                "name": text(),
                "score": { "type": "number", "description": "The cosine of the two sets, to within a hundredth" },
                "item_count": { "type": "integer" },
                "shared_count": { "type": "integer" },
                "others": list(schema("Name")),
            }))),
        })),
        "RecommendationAnswer": answered(json!({
            "algorithm": { "enum": answered_by },
            "blend?": { "type": "object", "description": "The weights where several algorithms were added up", "additionalProperties": { "type": "number" } },
            "fallback": { "type": ["string", "null"], "description": "Why popular items answer instead, where they do" },
            "unknown": list(text()),
            "items": list(schema("Item")),
        })),
        "ItemsAnswer": answered(json!({ "items": list(schema("Item")) })),
        "SearchAnswer": answered(json!({
            "interpretation": object(json!({
                "words": list(object(json!({
                    "typed": text(),
                    "as": { "enum": ["typed", "corrected", "place", "unknown"] },
                    "terms": { "type": "array", "description": "What the word was looked up as, the most frequent first", "items": text() },
                    "speaks_of?": { "type": "array", "description": "What else it stands for, below all that has the word itself", "items": text() },
                }))),
                "place?": object(json!({
                    "name": text(),
                    "field": text(),
                    "latitude?": { "type": "number", "description": "Of its middle, like the longitude; absent where no item says where it is" },
                    "longitude?": number(),
                    "radius_km?": number(),
                    "others?": { "type": "array", "description": "Other places of the name", "items": text() },
                })),
                "match": { "type": "array", "description": "How the items were found, in the order of the steps", "items": schema("Match") },
                "broader?": { "type": "array", "description": "What it was widened to, where there was nothing else in the place", "items": text() },
                "did_you_mean?": { "type": "string", "description": "The query with its words corrected" },
                "notes": { "type": "array", "description": "What the answer lacks", "items": text() },
            })),
            "total": { "type": "integer", "description": "How many items were found; of very common words, not all are counted" },
            "unknown?": { "type": "array", "description": "The ids of the history that the catalogue does not have", "items": text() },
            "items": list(schema("Item")),
            "facets?": { "type": "object", "description": "By field, the values that what was found has", "additionalProperties": schema("Facet") },
            "cursor?": { "type": "string", "description": "What leads to the items behind these" },
        })),
        "Match": { "enum": Match::ALL.map(Match::name), "description": "`words`: it has all the words; `meaning`: it is what they speak of; `nearby`: it is near the place; `broader`: it is in the place and of a broader kind; `any_word`: it has some of the words, or is only in the place; `elsewhere`: it has all the words, far from `near`; `popular`: nothing was asked; `pinned`: somebody chose it" },
        "Facet": object(json!({
            "values": list(object(json!({ "value": text(), "count": { "type": "integer" } }))),
            "minimum?": number(),
            "maximum?": number(),
        })),
        "SuggestAnswer": answered(json!({
            "suggestions": list(object(json!({
                "query": text(),
                "field?": { "type": "string", "description": "The field whose value it ends with" },
                "count?": { "type": "integer", "description": "How many items have that value" },
                "id?": { "type": "string", "description": "The item of this title" },
            }))),
        })),
        "LookUpAnswer": answered(json!({ "items": list(schema("Item")), "unknown": list(text()) })),
        "ItemAnswer": answered(json!({ "item": schema("Item") })),
        "Row": { "type": "object", "description": "A member for each field of the schema", "additionalProperties": { "type": ["number", "string", "null"] } },
        "PredictionAnswer": answered(json!({
            "algorithm": { "enum": ["forest", "logistic"] },
            "target": text(),
            "predictions": list(schema("Prediction")),
        })),
        "Prediction": object(json!({
            "class": { "type": "string", "description": "The most probable" },
            "probabilities": { "type": "object", "additionalProperties": number() },
            "explanation?": object(json!({
                "class": { "type": "string", "description": "Of two classes the positive one, of more the most probable" },
                "scale": { "enum": ["probability", "log-odds"] },
                "base": number(),
                "contributions": { "type": "object", "additionalProperties": number() },
            })),
            "warnings": list(object(json!({ "field": text(), "message": text() }))),
        })),
        "PredictionSchema": answered(json!({
            "algorithm": { "enum": ["forest", "logistic"] },
            "description": text(),
            "target": text(),
            "classes": list(text()),
            "positive": text(),
            "fields": list(json!({ "oneOf": [
                object(json!({ "name": text(), "required": { "type": "boolean" }, "type": { "const": "number" }, "minimum": number(), "maximum": number(), "median": number() })),
                object(json!({ "name": text(), "required": { "type": "boolean" }, "type": { "const": "category" }, "values": list(text()) })),
            ] })),
        })),
        "CollectionsAnswer": object(json!({ "collections": list(schema("Collection")) })),
        "Collection": object(json!({
            "name": text(),
            "status": status,
            "title?": text(),
            "generation?": text(),
            "stale?": stale,
            "created_at?": { "type": "string", "format": "date-time" },
            "item_count?": { "type": "integer" },
            "values?": { "oneOf": [{ "type": "null" }, schema("Values")] },
            "quality?": { "oneOf": [{ "type": "null" }, schema("Quality")] },
            "synthetic?": { "type": "boolean", "description": "Whether the ratings were made up by a recipe" },
        })),
        "Values": object(json!({ "minimum": number(), "maximum": number(), "neutral": number() })),
        "Quality": object(json!({ "metric": text(), "value": number(), "low": number(), "high": number(), "protocol": text() })),
        "Alive": object(json!({ "status": { "const": "alive" } })),
        "Ready": object(json!({ "status": { "const": "ready" }, "collections": { "type": "object", "additionalProperties": status } })),
        "FunctionReady": object(json!({ "status": { "const": "ready" } })),
        "Problem": {
            "type": "object",
            "properties": { "type": { "type": "string", "format": "uri" }, "title": text(), "status": { "type": "integer" }, "detail": text() },
            "required": ["type", "title", "status", "detail"],
        },
        "OldRandomAnswer": object(json!({ "ids": list(object(json!({ "movieId": text(), "title": text(), "actual": text(), "imageurl": text() }))) })),
        "OldRatedIds": list(json!({
            "type": "object",
            "properties": { "movieId": { "type": ["string", "integer"] }, "rating": number() },
            "required": ["movieId", "rating"],
        })),
        "OldResults": object(json!({ "results": list(object(json!({ "title": text(), "imageurl": text() }))) })),
        "OldSongs": json!({ "type": "object", "properties": { "songs": list(text()) } }),
        "OldSongsAnswer": object(json!({ "songs": list(text()), "version": text(), "model_date": text() })),
        "OldRatings": list(json!({ "type": "object", "properties": { "title": text(), "rating": number() }, "required": ["title"] })),
        "OldRecommendations": list(object(json!({ "movieId": text(), "title": text(), "imageurl": text(), "year": { "type": ["integer", "null"] } }))),
        "OldRow": { "type": "object", "additionalProperties": { "type": ["number", "string", "null"] } },
        "OldPrediction": object(json!({ "Placement_Probability": number(), "Placement": { "type": "boolean" } })),
        "OldError": object(json!({ "error": text() })),
    })
}
