//! Who makes volumes, and who leads requests in: classes that are named, or that of those who name none.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Check, Live, Reading, Wanted, name_of};

/// By which annotation a class is that of those who name none.
const DEFAULT_STORAGE: &str = "storageclass.kubernetes.io/is-default-class";
const DEFAULT_INGRESS: &str = "ingressclass.kubernetes.io/is-default-class";

pub(super) fn checks(wanted: &Wanted<'_>, live: &Live) -> Vec<Check> {
    let named = |kind: &'static str, field: &str| -> BTreeSet<Option<String>> {
        let objects = wanted.of_kind(kind);
        objects
            .map(|object| object["spec"][field].as_str().map(str::to_owned))
            .collect()
    };
    let mut storage = named("PersistentVolumeClaim", "storageClassName");
    let databases = wanted.of_kind("Cluster");
    storage.extend(databases.map(|database| {
        let class = &database["spec"]["storage"]["storageClass"];
        class.as_str().map(str::to_owned)
    }));
    let storage = storage.iter().map(|name| {
        let hint = "install who makes volumes, or write the `class` of one of them under `volume`, `jobs.scratch` and `database.cluster`";
        check("StorageClass", name.as_deref(), &live.storage_classes, DEFAULT_STORAGE, hint)
    });
    let ingress = named("Ingress", "ingressClassName");
    let ingress = ingress.iter().map(|name| {
        let hint =
            "install a controller of Ingresses, or write the `class` of one of them under `address`";
        check("IngressClass", name.as_deref(), &live.ingress_classes, DEFAULT_INGRESS, hint)
    });
    storage.chain(ingress).collect()
}

fn check(
    kind: &str,
    name: Option<&str>,
    classes: &Reading<Vec<Value>>,
    default: &str,
    hint: &str,
) -> Check {
    let title = match name {
        Some(name) => format!("{kind} {name}"),
        None => format!("default {kind}"),
    };
    let classes = match classes {
        Ok(classes) => classes,
        Err(problem) => return Check::unseen(title, problem),
    };
    let is_meant = |class: &&Value| match name {
        Some(name) => name_of(class) == name,
        None => class["metadata"]["annotations"][default] == "true",
    };
    if let Some(class) = classes.iter().find(is_meant) {
        return match name {
            Some(_) => Check::ok(title, "it is there"),
            None => Check::ok(title, format!("it is {}", name_of(class))),
        };
    }
    let names: Vec<&str> = classes.iter().map(name_of).collect();
    let found = if names.is_empty() {
        "there is none".to_owned()
    } else {
        format!("there is none; there are {}", names.join(", "))
    };
    Check::missing(title, found, hint)
}
