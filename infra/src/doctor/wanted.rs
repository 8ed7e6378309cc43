//! What wanted objects name that has to be there before.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::{DATABASE_SECRET_NAME, SECRET_NAME};
use crate::object_id::ObjectId;

/// The key of a Secret by which images are pulled (<https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets>).
pub(super) const REGISTRY_KEY: &str = ".dockerconfigjson";

/// The objects that are wanted.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a>(pub(crate) &'a [Value]);

impl<'a> Wanted<'a> {
    /// The first object of each kind.
    pub(crate) fn kinds(self) -> Vec<ObjectId> {
        let mut kinds: Vec<ObjectId> = Vec::new();
        for id in self.0.iter().map(ObjectId::of) {
            let is_known = |known: &ObjectId| known.group == id.group && known.kind == id.kind;
            if !kinds.iter().any(is_known) {
                kinds.push(id);
            }
        }
        kinds
    }

    /// The objects of a kind.
    pub(super) fn of_kind(self, kind: &'static str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |object| object["kind"] == kind)
    }

    /// Whether something is scaled by what it uses.
    pub(super) fn is_scaled(self) -> bool {
        let scalers = ["HorizontalPodAutoscaler", "ScaledObject"];
        scalers
            .iter()
            .any(|kind| self.of_kind(kind).next().is_some())
    }

    /// What fields of this name say, wherever they stand.
    pub(super) fn named(self, field: &str) -> BTreeSet<&'a str> {
        let mut names = BTreeSet::new();
        self.each(&mut |name, value| {
            if name == field {
                names.extend(value.as_str());
            }
        });
        names
    }

    /// The images of all containers.
    pub(crate) fn images(self) -> BTreeSet<&'a str> {
        let mut images = self.named("image");
        images.extend(self.named("spinImage"));
        images.extend(self.named("imageName"));
        images
    }

    /// The keys that are read of each Secret.
    pub(crate) fn secret_keys(self) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
        let mut secrets: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        self.each(&mut |name, value| match name {
            "secretKeyRef" => {
                let names = (value["name"].as_str(), value["key"].as_str());
                if let (Some(secret), Some(key)) = names {
                    secrets.entry(secret).or_default().insert(key);
                }
            }
            "imagePullSecrets" => {
                let names = value.as_array().into_iter().flatten();
                for secret in names.filter_map(|entry| entry["name"].as_str()) {
                    secrets.entry(secret).or_default().insert(REGISTRY_KEY);
                }
            }
            // A volume.
            "secret" => {
                if let Some(secret) = value["secretName"].as_str() {
                    let items = value["items"].as_array().into_iter().flatten();
                    let keys = items.filter_map(|item| item["key"].as_str());
                    secrets.entry(secret).or_default().extend(keys);
                }
            }
            _ => {}
        });
        secrets
    }

    /// The Secrets that others have to bring, with the keys that are read of each.
    pub(crate) fn secrets(self) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
        let mut secrets = self.secret_keys();
        let made = self.0.iter().filter_map(|object| {
            let name = match object["kind"].as_str()? {
                "Secret" => &object["metadata"]["name"],
                "ExternalSecret" => &object["spec"]["target"]["name"],
                "Certificate" => &object["spec"]["secretName"],
                // By its operator, for who uses the database.
                "Cluster" => return Some(DATABASE_SECRET_NAME),
                _ => return None,
            };
            name.as_str()
        });
        // Ours is not wanted yet where a value of it is not there.
        for name in made.chain([SECRET_NAME]) {
            secrets.remove(name);
        }
        secrets
    }

    /// Every field of every object, with its name.
    fn each(self, see: &mut impl FnMut(&'a str, &'a Value)) {
        fn walk<'v>(value: &'v Value, see: &mut impl FnMut(&'v str, &'v Value)) {
            match value {
                Value::Object(fields) => {
                    for (name, value) in fields {
                        see(name, value);
                        walk(value, see);
                    }
                }
                Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
                _ => {}
            }
        }
        self.0.iter().for_each(|object| walk(object, see));
    }
}
