//! What is in the cluster because of us: a `ConfigMap` that names each object. What is not wanted any more is found by it, and by nothing else.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Engine;
use crate::cluster::ApplyWay;
use crate::error::Failure;
use crate::model::{MANAGER, NAME, SECRET_NAME};
use crate::object::DATA_KINDS;
use crate::object_id::ObjectId;

/// The key with the objects, a JSON object a line.
const OBJECTS: &str = "objects";

/// The objects that are there because of us, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Inventory {
    pub(super) entries: Vec<Entry>,
}

/// An object that is there because of us.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Entry {
    /// Which one.
    #[serde(flatten)]
    pub(super) id: ObjectId,
    /// Which of those that were called so; not known of one that is about to be made.
    pub(super) uid: Option<String>,
}

impl Inventory {
    /// Adds an object behind the others, or tells of one that is there which of those that were called so it is.
    pub(super) fn insert(&mut self, id: &ObjectId, uid: Option<String>) {
        match self.entries.iter_mut().find(|entry| entry.id.is_same(id)) {
            Some(entry) => entry.uid = uid,
            None => self.entries.push(Entry {
                id: id.clone(),
                uid,
            }),
        }
    }

    /// Takes an object out.
    pub(super) fn remove(&mut self, id: &ObjectId) {
        self.entries.retain(|entry| !entry.id.is_same(id));
    }

    /// Whether an object holds data, or is called as a database is and guards it.
    pub(super) fn holds_data(&self, id: &ObjectId) -> bool {
        let is_guarded = |entry: &Entry| {
            id.kind == "NetworkPolicy"
                && DATA_KINDS.contains(&entry.id.kind.as_str())
                && entry.id.name == id.name
        };
        DATA_KINDS.contains(&id.kind.as_str()) || self.entries.iter().any(is_guarded)
    }

    /// Whether an object is in it.
    pub(super) fn contains(&self, id: &ObjectId) -> bool {
        self.entries.iter().any(|entry| entry.id.is_same(id))
    }
}

impl Engine<'_> {
    pub(super) fn inventory_id(&self) -> ObjectId {
        let name = format!("{NAME}-inventory-{}", self.environment);
        ObjectId::of_core("ConfigMap", self.namespace, &name)
    }

    /// What is there because of us, as far as we know.
    pub(super) async fn inventory(&self) -> Result<Inventory, Failure> {
        let id = self.inventory_id();
        let live = self.expect(self.cluster.get(&id).await, "read the inventory", &id)?;
        let Some(live) = live else {
            return self.inventory_of_release().await;
        };
        let lines = live["data"][OBJECTS].as_str().unwrap_or_default().lines();
        let entries = lines
            .map(serde_json::from_str)
            .collect::<Result<Vec<Entry>, _>>();
        let entries = entries.with_context(|| format!("{id} is not as it was written"));
        let entries = entries.map_err(|error| {
            let hint = "correct it, or delete it: that of the newest release takes its place";
            Failure::from(error).hint(hint).about(&id)
        })?;
        Ok(Inventory { entries })
    }

    /// What the newest release made, where the inventory is lost; nothing before the first.
    async fn inventory_of_release(&self) -> Result<Inventory, Failure> {
        let mut inventory = Inventory::default();
        if let Some(release) = self.releases().await?.first() {
            let ids = release.objects.iter().map(ObjectId::of);
            // Of which no release has a record.
            let secret = ObjectId::of_core("Secret", self.namespace, SECRET_NAME);
            for id in ids.chain([secret]) {
                inventory.insert(&id, None);
            }
        }
        Ok(inventory)
    }

    /// Writes down what is there, unless it is written already.
    pub(super) async fn write_inventory(
        &self,
        before: &mut Inventory,
        after: &Inventory,
    ) -> Result<(), Failure> {
        if before == after {
            return Ok(());
        }
        let id = self.inventory_id();
        let lines = after.entries.iter().map(|entry| json!(entry).to_string());
        let object = self.record(
            &id,
            &json!({ OBJECTS: lines.collect::<Vec<_>>().join("\n") }),
        );
        let written = self.cluster.apply(&object, &id, ApplyWay::default()).await;
        self.expect(written, "write the inventory", &id)?;
        *before = after.clone();
        Ok(())
    }

    /// A `ConfigMap` of ours that no pod reads.
    pub(super) fn record(&self, id: &ObjectId, data: &Value) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": id.name,
                "namespace": self.namespace,
                "labels": {
                    "app.kubernetes.io/name": NAME,
                    "app.kubernetes.io/instance": self.environment,
                    "app.kubernetes.io/managed-by": MANAGER,
                },
            },
            "data": data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Inventory};
    use crate::object_id::ObjectId;

    const DATABASE: &str = "kindred-database";

    fn id(group: &str, kind: &str, name: &str) -> ObjectId {
        ObjectId::of_group([group, "v1"], kind, "kindred-prod", name)
    }

    #[test]
    fn what_guards_a_database_stays_with_it() {
        let inventory = Inventory {
            entries: vec![Entry {
                id: id("postgresql.cnpg.io", "Cluster", DATABASE),
                uid: None,
            }],
        };
        for (group, kind, name, expected) in [
            ("postgresql.cnpg.io", "Cluster", DATABASE, true),
            ("networking.k8s.io", "NetworkPolicy", DATABASE, true),
            ("networking.k8s.io", "NetworkPolicy", "kindred", false),
            ("apps", "Deployment", DATABASE, false),
        ] {
            let holds_data = inventory.holds_data(&id(group, kind, name));
            assert_eq!(holds_data, expected, "{kind}/{name}");
        }
    }
}
