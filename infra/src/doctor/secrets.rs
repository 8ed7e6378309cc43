//! The Secrets that others bring.

use std::collections::BTreeSet;

use super::wanted::REGISTRY_KEY;
use super::{Check, Live, Wanted};

pub(super) fn checks(wanted: &Wanted<'_>, live: &Live, namespace: &str) -> Vec<Check> {
    let secrets = wanted.secrets();
    let checks = secrets
        .iter()
        .map(|(name, keys)| check(name, keys, live, namespace));
    checks.collect()
}

fn check(name: &str, keys: &BTreeSet<&str>, live: &Live, namespace: &str) -> Check {
    let title = format!("Secret {name}");
    let there = match live.secrets.get(name) {
        Some(Ok(there)) => there.as_ref(),
        Some(Err(problem)) => return Check::unseen(title, problem),
        None => None,
    };
    let kubectl = format!("kubectl -n {namespace}");
    let literals = |keys: &[&str]| -> String {
        let literals = keys
            .iter()
            .map(|key| format!(" --from-literal={key}=VALUE"));
        literals.collect()
    };
    let Some(there) = there else {
        let all: Vec<&str> = keys.iter().copied().collect();
        let make = if keys.contains(REGISTRY_KEY) {
            format!(
                "{kubectl} create secret docker-registry {name} --docker-server=REGISTRY --docker-username=USER --docker-password=PASSWORD"
            )
        } else {
            format!("{kubectl} create secret generic {name}{}", literals(&all))
        };
        let before = if live.has_namespace {
            ""
        } else {
            "its namespace comes by `infra apply --wait=false`, then "
        };
        return Check::missing(title, "it is not there", format!("{before}`{make}`"));
    };
    let missing = keys.iter().copied();
    let missing: Vec<&str> = missing
        .filter(|key| !there.iter().any(|known| known == key))
        .collect();
    if missing.is_empty() {
        return Check::ok(title, "it is there, with all keys that are read");
    }
    Check::missing(
        title,
        format!(
            "it has no {}; it has {}",
            missing.join(", "),
            there.join(", ")
        ),
        format!("`{kubectl} edit secret {name}`, or have who makes it add the key"),
    )
}
