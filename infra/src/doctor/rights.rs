//! What we may do in the cluster.

use std::collections::BTreeMap;

use super::{Check, Live, Wanted};
use crate::object_id::ObjectId;

/// Something that we do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Right {
    /// To what: the kind, the namespace, and the name where it is of one object.
    pub(crate) id: ObjectId,
    /// What is done.
    pub(crate) verb: &'static str,
}

/// What is done to an object that is wanted.
const VERBS: [&str; 4] = ["get", "patch", "create", "delete"];

/// What is done beside: the lock, the inventory and the releases, and looking for why something does not come to run.
const BESIDE: [([&str; 2], &str, &[&str]); 5] = [
    (
        ["coordination.k8s.io", "v1"],
        "Lease",
        &["get", "create", "update"],
    ),
    (
        ["", "v1"],
        "ConfigMap",
        &["get", "list", "patch", "create", "delete"],
    ),
    (["", "v1"], "Pod", &["list"]),
    (["", "v1"], "Event", &["list"]),
    (["apps", "v1"], "Deployment", &["get"]),
];

/// What namespaces are called where rights are asked for.
const NAMESPACES: &str = "namespaces";

/// The rights that are needed, each once.
pub(crate) fn rights(wanted: Wanted<'_>, namespace: &str) -> Vec<Right> {
    let kinds = wanted.kinds();
    let of_kinds = kinds.iter().flat_map(|id| {
        let id = id.clone();
        VERBS.map(|verb| Right {
            id: id.clone(),
            verb,
        })
    });
    let beside = BESIDE.iter().flat_map(|(api, kind, verbs)| {
        verbs.iter().map(|verb| Right {
            id: ObjectId::of_group(*api, kind, namespace, ""),
            verb,
        })
    });
    let mut rights: Vec<Right> = Vec::new();
    for right in of_kinds.chain(beside) {
        let is_same = |known: &Right| {
            known.verb == right.verb
                && known.id.group == right.id.group
                && known.id.kind == right.id.kind
        };
        if !rights.iter().any(is_same) {
            rights.push(right);
        }
    }
    rights
}

pub(super) fn check(live: &Live, namespace: &str) -> Check {
    let name = "rights";
    let denied = match &live.denied {
        Ok(denied) => denied,
        Err(problem) => return Check::unseen(name, problem),
    };
    if denied.is_empty() {
        return Check::ok(name, "everything that applying does is allowed");
    }
    // Of a namespace that is there nothing is changed as long as it is as wanted: its objects need no right to it.
    let is_needed = |(resource, _): &&(String, _)| resource != NAMESPACES || !live.has_namespace;
    let needed: Vec<_> = denied.iter().filter(is_needed).collect();
    let user = &live.place.user;
    if needed.is_empty() {
        return Check::doubtful(
            name,
            format!(
                "{user} may not: {}; the namespace is there already",
                told(denied)
            ),
            "what has to change of the namespace itself, somebody changes who may",
        );
    }
    Check::missing(
        name,
        format!("{user} may not: {}", told(needed)),
        format!(
            "have them given by a Role; `kubectl -n {namespace} auth can-i --list` says which there are"
        ),
    )
}

/// Each resource once, with what may not be done to it.
fn told<'a>(denied: impl IntoIterator<Item = &'a (String, &'static str)>) -> String {
    let mut of_resources: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (resource, verb) in denied {
        of_resources.entry(resource).or_default().push(verb);
    }
    let of_resources = of_resources
        .iter()
        .map(|(resource, verbs)| format!("{resource} ({})", verbs.join(", ")));
    of_resources.collect::<Vec<_>>().join(", ")
}
