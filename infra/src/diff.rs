//! In what two states of an object differ. Values of Secrets are never shown, nor what was computed of them, by which they could be guessed: only whether they differ.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::render::REVISION;

/// What is shown instead of a value.
const HIDDEN: &str = "***";

/// What is shown instead of another value than before.
const HIDDEN_CHANGE: &str = "*** (changed)";

/// Where a Secret has values.
const VALUES: [&str; 2] = ["data", "stringData"];

/// A field that differs.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Difference {
    /// Where it stands, such as `.spec.containers[functions].image`.
    pub(crate) path: String,
    /// What is there, if anything.
    pub(crate) before: Option<Value>,
    /// What is wanted there, if anything.
    pub(crate) after: Option<Value>,
}

/// The fields that differ between an object as it is and as it would be, in the order of their names. What the cluster itself keeps is left out: its `status` and all of
/// `metadata` but labels and annotations.
pub(crate) fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    let (before, after) = (what_counts(before), what_counts(after));
    compare(String::new(), Some(&before), Some(&after), &mut differences);
    for difference in &mut differences {
        difference.hide(is_secret(&after));
    }
    differences
}

/// An object without what tells of the values of Secrets.
pub(crate) fn hidden(object: &Value) -> Value {
    let mut object = object.clone();
    hide_revisions(&mut object);
    if is_secret(&object) {
        for name in VALUES {
            if let Some(values) = object.get_mut(name).and_then(Value::as_object_mut) {
                values.values_mut().for_each(|value| *value = json!(HIDDEN));
            }
        }
    }
    object
}

fn is_secret(object: &Value) -> bool {
    object["kind"] == "Secret"
}

/// Hides, wherever they stand, the revisions of pods, which are made of the values of Secrets too.
fn hide_revisions(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == REVISION {
                    *value = json!(HIDDEN);
                } else {
                    hide_revisions(value);
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(hide_revisions),
        _ => {}
    }
}

impl Difference {
    /// Leaves of what tells of the values of Secrets only that it differs.
    fn hide(&mut self, is_of_secret: bool) {
        let is_value = VALUES
            .iter()
            .any(|name| self.path.starts_with(&format!(".{name}")));
        if is_of_secret && is_value || self.path.ends_with(&format!("[{REVISION}]")) {
            let after = self.before.as_ref().map_or(HIDDEN, |_| HIDDEN_CHANGE);
            self.before = self.before.take().map(|_| json!(HIDDEN));
            self.after = self.after.take().map(|_| json!(after));
        } else {
            let both = [&mut self.before, &mut self.after];
            both.into_iter().flatten().for_each(hide_revisions);
        }
    }
}

/// What an object would be if it had every field of what is wanted, as far as that can be told without the cluster: elements of lists are the same by their
/// names, or by their places in lists that are as long.
pub(crate) fn overlaid(object: &Value, wanted: &Value) -> Value {
    match (object, wanted) {
        (Value::Object(object), Value::Object(wanted)) => overlaid_fields(object, wanted).into(),
        (Value::Array(object), Value::Array(wanted)) => {
            if let (Some(object), Some(wanted)) = (by_name(object), by_name(wanted)) {
                let elements = overlaid_fields(&object, &wanted).into_iter();
                elements.map(|(_, element)| element).collect()
            } else if object.len() == wanted.len() {
                let pairs = object.iter().zip(wanted);
                pairs
                    .map(|(object, wanted)| overlaid(object, wanted))
                    .collect()
            } else {
                wanted.clone().into()
            }
        }
        _ => wanted.clone(),
    }
}

fn overlaid_fields(object: &Map<String, Value>, wanted: &Map<String, Value>) -> Map<String, Value> {
    let mut fields = object.clone();
    for (name, wanted) in wanted {
        let field = object
            .get(name)
            .map_or_else(|| wanted.clone(), |field| overlaid(field, wanted));
        fields.insert(name.clone(), field);
    }
    fields
}

fn what_counts(object: &Value) -> Value {
    let mut object = object.clone();
    let Some(fields) = object.as_object_mut() else {
        return object;
    };
    fields.remove("status");
    if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, _| name == "labels" || name == "annotations");
    }
    object
}

fn compare(
    path: String,
    before: Option<&Value>,
    after: Option<&Value>,
    differences: &mut Vec<Difference>,
) {
    if before == after {
        return;
    }
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            compare_fields(&before_path(&path), before, after, differences);
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            if let (Some(before), Some(after)) = (by_name(before), by_name(after)) {
                compare_fields(
                    &|name| format!("{path}[{name}]"),
                    &before,
                    &after,
                    differences,
                );
            } else {
                for index in 0..before.len().max(after.len()) {
                    let path = format!("{path}[{index}]");
                    compare(path, before.get(index), after.get(index), differences);
                }
            }
        }
        _ => differences.push(Difference {
            path,
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

/// How a field of what stands at a path is called.
fn before_path(path: &str) -> impl Fn(&str) -> String {
    move |name| {
        if name.contains(['.', '/']) {
            format!("{path}[{name}]")
        } else {
            format!("{path}.{name}")
        }
    }
}

fn compare_fields(
    path_of: &dyn Fn(&str) -> String,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    differences: &mut Vec<Difference>,
) {
    let new = after.keys().filter(|name| !before.contains_key(*name));
    let mut names: Vec<&String> = before.keys().chain(new).collect();
    names.sort();
    for name in names {
        compare(
            path_of(name),
            before.get(name),
            after.get(name),
            differences,
        );
    }
}

/// The elements of a list by their names, if each has one of its own.
fn by_name(list: &[Value]) -> Option<Map<String, Value>> {
    let mut elements = Map::new();
    for element in list {
        let name = element.get("name")?.as_str()?;
        if elements.insert(name.to_owned(), element.clone()).is_some() {
            return None;
        }
    }
    Some(elements)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{differences, hidden, overlaid};

    fn check(before: &Value, after: &Value, expected: &[(&str, Option<Value>, Option<Value>)]) {
        let found: Vec<_> = differences(before, after)
            .into_iter()
            .map(|found| (found.path, found.before, found.after))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(path, before, after)| ((*path).to_owned(), before.clone(), after.clone()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn fields_are_told_by_their_paths() {
        check(
            &json!({ "spec": { "replicas": 2, "old": true, "same": [1] } }),
            &json!({ "spec": { "replicas": 3, "new": "a", "same": [1] } }),
            &[
                (".spec.new", None, Some(json!("a"))),
                (".spec.old", Some(json!(true)), None),
                (".spec.replicas", Some(json!(2)), Some(json!(3))),
            ],
        );
    }

    #[test]
    fn elements_with_names_are_told_by_them_and_others_by_their_numbers() {
        check(
            &json!({ "containers": [{ "name": "b", "image": "1" }], "args": ["x", "y"] }),
            &json!({ "containers": [{ "name": "a" }, { "name": "b", "image": "2" }], "args": ["x"] }),
            &[
                (".args[1]", Some(json!("y")), None),
                (".containers[a]", None, Some(json!({ "name": "a" }))),
                (".containers[b].image", Some(json!("1")), Some(json!("2"))),
            ],
        );
    }

    #[test]
    fn what_the_cluster_keeps_is_no_difference() {
        check(
            &json!({ "metadata": { "uid": "1", "managedFields": [], "annotations": { "example.org/a": "1" } }, "status": 1 }),
            &json!({ "metadata": { "uid": "2", "annotations": { "example.org/a": "2" } } }),
            &[(
                ".metadata.annotations[example.org/a]",
                Some(json!("1")),
                Some(json!("2")),
            )],
        );
    }

    #[test]
    fn what_is_wanted_lies_over_what_is_there() {
        for (object, wanted, expected) in [
            (
                json!({ "replicas": 2, "type": "default" }),
                json!({ "replicas": 3, "new": 1 }),
                json!({ "replicas": 3, "type": "default", "new": 1 }),
            ),
            (
                json!([{ "name": "a", "port": 1 }, { "name": "b" }]),
                json!([{ "name": "a", "image": "x" }]),
                json!([{ "name": "a", "port": 1, "image": "x" }, { "name": "b" }]),
            ),
            (
                json!([{ "port": 1, "protocol": "TCP" }]),
                json!([{ "port": 2 }]),
                json!([{ "port": 2, "protocol": "TCP" }]),
            ),
            (json!(["x", "y"]), json!(["z"]), json!(["z"])),
        ] {
            assert_eq!(overlaid(&object, &wanted), expected);
        }
    }

    #[test]
    fn values_of_secrets_are_not_shown() {
        let secret = |data: Value| json!({ "kind": "Secret", "data": data });
        let (hello, world) = (json!({ "key": "aGVsbG8=" }), json!({ "key": "d29ybGQ=" }));
        let (there, changed) = (Some(json!("***")), Some(json!("*** (changed)")));
        check(&secret(hello.clone()), &secret(hello.clone()), &[]);
        for (before, after, path, expected) in [
            (&hello, &world, ".data.key", (&there, &changed)),
            (&hello, &json!({}), ".data.key", (&there, &None)),
            (&json!({}), &world, ".data.key", (&None, &there)),
            (&Value::Null, &world, ".data", (&there, &changed)),
        ] {
            let (before, after) = (secret(before.clone()), secret(after.clone()));
            let (expected_before, expected_after) = expected;
            check(
                &before,
                &after,
                &[(path, expected_before.clone(), expected_after.clone())],
            );
        }
        assert_eq!(hidden(&secret(hello)), hidden(&secret(world)));
    }

    /// They are hashes of known objects and of the values of Secrets, which could be tried.
    #[test]
    fn revisions_of_pods_are_not_shown() {
        let pods = |metadata: Value| json!({ "kind": "Deployment", "template": metadata });
        let annotated =
            |revision: &str| pods(json!({ "annotations": { "kindred/revision": revision } }));
        check(
            &annotated("1"),
            &annotated("2"),
            &[(
                ".template.annotations[kindred/revision]",
                Some(json!("***")),
                Some(json!("*** (changed)")),
            )],
        );
        check(
            &pods(json!({})),
            &annotated("2"),
            &[(
                ".template.annotations",
                None,
                Some(json!({ "kindred/revision": "***" })),
            )],
        );
        assert_eq!(hidden(&annotated("1")), hidden(&annotated("2")));
    }
}
