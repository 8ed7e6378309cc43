//! What is asked of a cluster. Every request may be sent again: it is a reading, or says what is wanted, or of which version it speaks.

use std::time::Duration;

use http::Request;
use kube::api::{
    DeleteParams, DynamicObject, GetParams, ListParams, LogParams, Patch, PatchParams, PostParams,
    Preconditions, PropagationPolicy, ValidationDirective,
};
use kube::core::{ApiResource, GroupVersionKind, Request as Requests};
use kube::discovery::Scope;
use kube::{Error, Resource as _, Result};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::Cluster;
use super::failure::is_of_the_patch;
use crate::model::MANAGER;
use crate::object_id::ObjectId;

/// How long a cluster that was there is waited for, such as one whose control plane starts again.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long a cluster is asked again that says that it failed itself, as one does that is about to start.
const PATIENCE_WITH_FAULTS: Duration = Duration::from_secs(10);

/// How long an answer is waited for where it was asked to stop.
const GRACE: Duration = Duration::from_secs(5);

/// How long between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// How what is wanted is told to a cluster.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ApplyWay {
    /// Only what would come of it is asked.
    pub(crate) is_dry_run: bool,
    /// Fields that others own are taken over.
    pub(crate) takes_over: bool,
}

impl Cluster {
    /// How objects of this kind are asked for, if they are served.
    pub(super) fn resource(&self, id: &ObjectId) -> Option<(ApiResource, Scope)> {
        let kind = GroupVersionKind::gvk(&id.group, &id.version, &id.kind);
        let (resource, capabilities) = self.discovery.resolve_gvk(&kind)?;
        Some((resource, capabilities.scope))
    }

    /// What the cluster says of its version.
    pub(crate) async fn version(&self) -> Result<Value> {
        let request = Request::get("/version").body(Vec::new());
        let request = request.map_err(Error::HttpError)?;
        self.send(request).await
    }

    /// What objects of this kind are called in addresses and in roles, if they are served: `deployments.apps`.
    pub(crate) fn resource_name(&self, id: &ObjectId) -> Option<String> {
        let (resource, _) = self.resource(id)?;
        Some(if id.group.is_empty() {
            resource.plural
        } else {
            format!("{}.{}", resource.plural, id.group)
        })
    }

    /// Whether we may do something to objects of the kind and in the namespace of one, which is served
    /// (<https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access>).
    pub(crate) async fn may(&self, verb: &str, like: &ObjectId) -> Result<bool> {
        let plural = self.resource(like).map(|(resource, _)| resource.plural);
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "metadata": {},
            "spec": { "resourceAttributes": {
                "verb": verb,
                "group": like.group,
                "version": like.version,
                "resource": plural,
                "namespace": like.namespace,
            } },
        });
        let answer = self.create(&review, &ObjectId::of(&review)).await?;
        Ok(answer["status"]["allowed"] == true)
    }

    /// An object as it is, if it is there. One of a kind that is not served is not.
    pub(crate) async fn get(&self, id: &ObjectId) -> Result<Option<Value>> {
        let Some(requests) = self.requests(id) else {
            return Ok(None);
        };
        let request = requests.get(&id.name, &GetParams::default());
        match self.send(request.map_err(Error::BuildRequest)?).await {
            Ok(object) => Ok(Some(object)),
            Err(Error::Api(status)) if status.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Objects of the kind and in the namespace of one, those that a selector of labels takes.
    pub(crate) async fn list(&self, like: &ObjectId, selector: &str) -> Result<Vec<Value>> {
        self.listed(like, &ListParams::default().labels(selector))
            .await
    }

    /// The events about an object.
    pub(crate) async fn events(&self, about: &str, namespace: &str) -> Result<Vec<Value>> {
        let event = ObjectId::of_core("Event", namespace, "");
        let field = format!("involvedObject.name={about}");
        self.listed(&event, &ListParams::default().fields(&field))
            .await
    }

    async fn listed(&self, like: &ObjectId, parameters: &ListParams) -> Result<Vec<Value>> {
        let Some(requests) = self.requests(like) else {
            return Ok(Vec::new());
        };
        let request = requests.list(parameters).map_err(Error::BuildRequest)?;
        let mut list = self.send(request).await?;
        Ok(match list["items"].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        })
    }

    /// The last lines that a container of a pod wrote; of one that runs again, those of before.
    pub(crate) async fn log(
        &self,
        pod: &ObjectId,
        container: &str,
        is_running_again: bool,
        line_count: i64,
    ) -> Result<String> {
        let parameters = LogParams {
            container: Some(container.to_owned()),
            previous: is_running_again,
            tail_lines: Some(line_count),
            ..LogParams::default()
        };
        let request = self.needed(pod)?.logs(&pod.name, &parameters);
        let request = request.map_err(Error::BuildRequest)?;
        self.client.request_text(request).await
    }

    /// Says what is wanted of an object, and returns what it is then (<https://kubernetes.io/docs/reference/using-api/server-side-apply/>).
    pub(crate) async fn apply(
        &self,
        object: &Value,
        id: &ObjectId,
        way: ApplyWay,
    ) -> Result<Value> {
        let parameters = PatchParams {
            dry_run: way.is_dry_run,
            force: way.takes_over,
            field_manager: Some(MANAGER.to_owned()),
            field_validation: Some(ValidationDirective::Strict),
        };
        let requests = self.needed(id)?;
        let request = requests.patch(&id.name, &parameters, &Patch::Apply(object));
        self.send(request.map_err(Error::BuildRequest)?).await
    }

    /// Makes an object that is not there.
    pub(crate) async fn create(&self, object: &Value, id: &ObjectId) -> Result<Value> {
        let body = serde_json::to_vec(object).map_err(Error::SerdeError)?;
        let request = self.needed(id)?.create(&as_manager(), body);
        self.send(request.map_err(Error::BuildRequest)?).await
    }

    /// Puts an object in the place of the version that it names.
    pub(crate) async fn replace(&self, object: &Value, id: &ObjectId) -> Result<Value> {
        let body = serde_json::to_vec(object).map_err(Error::SerdeError)?;
        let request = self.needed(id)?.replace(&id.name, &as_manager(), body);
        self.send(request.map_err(Error::BuildRequest)?).await
    }

    /// Deletes the object that has this uid; what hangs on it goes behind it.
    pub(crate) async fn delete(&self, id: &ObjectId, uid: &str) -> Result<()> {
        let Some(requests) = self.requests(id) else {
            return Ok(());
        };
        let parameters = DeleteParams {
            propagation_policy: Some(PropagationPolicy::Background),
            preconditions: Some(Preconditions {
                resource_version: None,
                uid: Some(uid.to_owned()),
            }),
            ..DeleteParams::default()
        };
        let request = requests.delete(&id.name, &parameters);
        match self.send(request.map_err(Error::BuildRequest)?).await {
            Ok(_) => Ok(()),
            Err(Error::Api(status)) if status.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn requests(&self, id: &ObjectId) -> Option<Requests> {
        let (resource, scope) = self.resource(id)?;
        let namespace = match scope {
            Scope::Namespaced => id.namespace.as_deref(),
            Scope::Cluster => None,
        };
        Some(Requests::new(DynamicObject::url_path(&resource, namespace)))
    }

    fn needed(&self, id: &ObjectId) -> Result<Requests> {
        self.requests(id).ok_or_else(|| {
            let kind = GroupVersionKind::gvk(&id.group, &id.version, &id.kind);
            Error::Discovery(kube::error::DiscoveryError::MissingKind(format!(
                "{kind:?}"
            )))
        })
    }

    /// The answer to a request; to one that did not arrive, sent again for a while. Where it was asked to stop, an answer is waited for a moment longer, and nothing is sent again.
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Value> {
        let start = Instant::now();
        loop {
            let answer = tokio::select! {
                answer = self.client.request(request.clone()) => answer,
                () = self.stop() => return Err(Error::Service("interrupted".into())),
            };
            match answer {
                Err(error)
                    if start.elapsed() < patience(&error) && !self.interruption.is_there() =>
                {
                    sleep(PAUSE).await;
                }
                answer => return answer,
            }
        }
    }

    /// Waits until an answer is waited for no longer.
    async fn stop(&self) {
        self.interruption.wait().await;
        sleep(GRACE).await;
    }
}

/// How long what ended so is tried again.
fn patience(error: &Error) -> Duration {
    match error {
        Error::Service(_) | Error::HyperError(_) => PATIENCE,
        Error::Api(status) if status.code == 500 && !is_of_the_patch(status) => {
            PATIENCE_WITH_FAULTS
        }
        _ => Duration::ZERO,
    }
}

/// Whose an object's fields are that is written whole.
fn as_manager() -> PostParams {
    PostParams {
        dry_run: false,
        field_manager: Some(MANAGER.to_owned()),
    }
}
