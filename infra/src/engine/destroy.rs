//! Taking everything away again, the last first.

use super::inventory::Inventory;
use super::{Action, Change, Engine};
use crate::error::Failure;
use crate::object::DATA_KINDS;
use crate::object_id::ObjectId;

/// What is looked for before a namespace is deleted with all that is in it.
const HELD_KINDS: [([&str; 2], &str); 9] = [
    (["", "v1"], "PersistentVolumeClaim"),
    (["postgresql.cnpg.io", "v1"], "Cluster"),
    (["apps", "v1"], "Deployment"),
    (["apps", "v1"], "StatefulSet"),
    (["apps", "v1"], "DaemonSet"),
    (["batch", "v1"], "CronJob"),
    (["batch", "v1"], "Job"),
    (["", "v1"], "Service"),
    (["", "v1"], "ConfigMap"),
];

/// What the cluster itself puts into every namespace.
const AUTHORITIES: &str = "kube-root-ca.crt";

impl Engine<'_> {
    /// Deletes what is there because of us, each when what was made behind it is gone; then what we wrote down of it, and at last the namespace, if we made it. Volumes and databases stay where their
    /// data is not to be deleted, and with them the namespace.
    pub(crate) async fn destroy(
        &self,
        deletes_data: bool,
        tell: &mut dyn FnMut(&Change) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let namespace = self.namespace_id();
        let live = self.cluster.get(&namespace).await;
        let Some(live) = self.expect(live, "read", &namespace)? else {
            return Ok(());
        };
        let keeps_namespace = self
            .alone("destroy", async {
                let may_delete = self.cluster.may("delete", &namespace).await;
                let may_delete =
                    self.expect(may_delete, "ask for the right to delete", &namespace)?;
                let mut keeps_namespace = !self.is_ours(&live) || !may_delete;
                let mut inventory = self.inventory().await?;
                let mut kept = Inventory::default();
                for entry in inventory.entries.iter().rev() {
                    self.go_on()?;
                    if inventory.holds_data(&entry.id) && !deletes_data {
                        keeps_namespace = true;
                        let note = "it holds data, or guards what does: `--delete-data` deletes it";
                        tell(&change(&entry.id, Action::Skipped, Some(note)))?;
                        kept.insert(&entry.id, entry.uid.clone());
                    } else if entry.id != namespace {
                        self.take_away(&entry.id, entry.uid.as_deref(), tell)
                            .await?;
                    }
                }
                if !keeps_namespace && let Some((id, note)) = self.held(deletes_data).await? {
                    keeps_namespace = true;
                    tell(&change(&id, Action::Skipped, Some(note)))?;
                }
                // They were found from the last to the first.
                kept.entries.reverse();
                if keeps_namespace {
                    for release in self.releases().await? {
                        self.take_away(&self.release_id(release.number), None, tell)
                            .await?;
                    }
                    if kept == Inventory::default() {
                        self.take_away(&self.inventory_id(), None, tell).await?;
                    } else {
                        self.write_inventory(&mut inventory, &kept).await?;
                    }
                }
                Ok(keeps_namespace)
            })
            .await?;
        if keeps_namespace {
            return tell(&change(
                &namespace,
                Action::Skipped,
                Some("it is not ours, holds what is kept, or you may not delete it"),
            ));
        }
        self.take_away(&namespace, None, tell).await
    }

    /// Something in the namespace that is not to go with it, and why: what others made, and data.
    async fn held(&self, deletes_data: bool) -> Result<Option<(ObjectId, &'static str)>, Failure> {
        for (api, kind) in HELD_KINDS {
            let like = ObjectId::of_group(api, kind, self.namespace, "");
            let objects = self.cluster.list(&like, "").await;
            for object in self.expect(objects, "read what there is beside", &like)? {
                let id = ObjectId {
                    name: object["metadata"]["name"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned(),
                    ..like.clone()
                };
                let is_made_by_another = !object["metadata"]["ownerReferences"].is_null();
                if self.is_ours(&object) {
                    if DATA_KINDS.contains(&kind) && !deletes_data {
                        return Ok(Some((id, "it holds data: `--delete-data` deletes it")));
                    }
                } else if !is_made_by_another && id.name != AUTHORITIES {
                    return Ok(Some((id, "it is not ours: the namespace stays for it")));
                }
            }
        }
        Ok(None)
    }

    async fn take_away(
        &self,
        id: &ObjectId,
        uid: Option<&str>,
        tell: &mut dyn FnMut(&Change) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let live = self.expect(self.cluster.get(id).await, "read", id)?;
        let Some(live) = live else {
            return Ok(());
        };
        let live_uid = live["metadata"]["uid"].as_str().unwrap_or_default();
        if !self.is_ours(&live) || uid.is_some_and(|uid| uid != live_uid) {
            return tell(&change(
                id,
                Action::Forgotten,
                Some("it is not ours any more"),
            ));
        }
        self.delete(id, live_uid).await?;
        tell(&change(id, Action::Deleted, None))
    }
}

fn change(id: &ObjectId, action: Action, note: Option<&str>) -> Change {
    Change {
        id: id.clone(),
        action,
        note: note.map(str::to_owned),
        differences: Vec::new(),
        object: None,
        uid: None,
    }
}
