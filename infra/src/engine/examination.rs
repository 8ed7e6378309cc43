//! What is read of a cluster to see whether an environment could run there. Nothing is written.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use super::Engine;
use super::plan::CONCURRENT_OBJECTS;
use crate::cluster::{Cause, cause};
use crate::doctor::{self, Check, Live, METRICS, Reading, Right, Wanted};
use crate::error::Failure;
use crate::object_id::ObjectId;

impl Engine<'_> {
    /// What the cluster lacks of what these objects need, thing by thing.
    pub(crate) async fn examine(&self, objects: &[Value]) -> Result<Vec<Check>, Failure> {
        let wanted = Wanted(objects);
        let live = self.live(wanted).await?;
        Ok(doctor::checks(&wanted, &live, self.namespace))
    }

    async fn live(&self, wanted: Wanted<'_>) -> Result<Live, Failure> {
        let namespace = self.namespace_id();
        let version = self.expect(
            self.cluster.version().await,
            "read the version of the cluster for",
            &namespace,
        )?;
        let (metrics, kind) = METRICS;
        let mut unserved = wanted.kinds();
        unserved.push(ObjectId::of_cluster(metrics, kind, ""));
        unserved.retain(|id| !self.cluster.serves(id));
        let there = self.cluster.get(&namespace).await;
        let operator = ObjectId::of_group(["apps", "v1"], "Deployment", "spin-operator", "");
        let list = |api, kind| self.all_like(ObjectId::of_cluster(api, kind, ""));
        let mut secrets = BTreeMap::new();
        for name in wanted.secrets().into_keys() {
            let keys = self.keys_of_secret(name).await?;
            secrets.insert(name.to_owned(), keys);
        }
        Ok(Live {
            place: self.cluster.place.clone(),
            version,
            unserved,
            // Who may not see it may not apply either, which the rights say.
            has_namespace: matches!(self.reading(there, &namespace)?, Ok(Some(_))),
            denied: self.denied(wanted).await?,
            nodes: list(["", "v1"], "Node").await?,
            runtime_classes: list(["node.k8s.io", "v1"], "RuntimeClass").await?,
            shims: list(["runtime.spinkube.dev", "v1alpha1"], "Shim").await?,
            operators: self.all_like(operator).await?,
            storage_classes: list(["storage.k8s.io", "v1"], "StorageClass").await?,
            ingress_classes: list(["networking.k8s.io", "v1"], "IngressClass").await?,
            secrets,
        })
    }

    /// All objects of a kind, in the namespace of one that has one.
    async fn all_like(&self, like: ObjectId) -> Result<Reading<Vec<Value>>, Failure> {
        self.reading(self.cluster.list(&like, "").await, &like)
    }

    /// The keys that a Secret has. Its values are let go at once.
    async fn keys_of_secret(&self, name: &str) -> Result<Reading<Option<Vec<String>>>, Failure> {
        let id = ObjectId::of_core("Secret", self.namespace, name);
        let secret = self.reading(self.cluster.get(&id).await, &id)?;
        let keys = |secret: Value| {
            let data = secret["data"].as_object().into_iter().flatten();
            data.map(|(key, _)| key.clone()).collect()
        };
        Ok(secret.map(|secret| secret.map(keys)))
    }

    /// What we have no right to of what is needed. Of kinds that are not served nobody has any.
    async fn denied(
        &self,
        wanted: Wanted<'_>,
    ) -> Result<Reading<Vec<(String, &'static str)>>, Failure> {
        let rights = doctor::rights(wanted, self.namespace).into_iter();
        let rights = rights.filter_map(|right| {
            let name = self.cluster.resource_name(&right.id)?;
            Some((right, name))
        });
        let answers: Result<Vec<_>, kube::Error> = stream::iter(rights)
            .map(|(Right { id, verb }, name)| async move {
                let is_allowed = self.cluster.may(verb, &id).await?;
                Ok((!is_allowed).then_some((name, verb)))
            })
            .buffered(CONCURRENT_OBJECTS)
            .try_collect()
            .await;
        let denied = answers.map(|answers| answers.into_iter().flatten().collect());
        self.reading(denied, &self.namespace_id())
    }

    /// What was read; or why it may not be, which is no failure of who only looks.
    fn reading<T>(&self, answer: kube::Result<T>, id: &ObjectId) -> Result<Reading<T>, Failure> {
        match answer.map_err(cause) {
            Ok(answer) => Ok(Ok(answer)),
            Err(Cause::Forbidden(message)) => Ok(Err(message)),
            Err(cause) => Err(self.cluster.place.failure("read", id, cause)),
        }
    }
}
