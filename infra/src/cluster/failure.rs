//! What an error of a cluster means for whoever asked.

use anyhow::{Error, anyhow};
use kube::core::Status;

use super::Place;
use crate::error::{Failure, Refusal};
use crate::object_id::ObjectId;

/// Why a cluster did not do what it was told.
#[derive(Debug)]
pub(crate) enum Cause {
    /// Others own fields: each, and who that is.
    Owned(Vec<(String, String)>),
    /// A field that cannot change would have to.
    Immutable(String),
    /// What is wanted is not valid, or a rule of the cluster is against it.
    Refused(String),
    /// We have no right to.
    Forbidden(String),
    /// Something else.
    Other(Error),
}

/// The reason by which a field's owner is told.
const OWNED: &str = "FieldManagerConflict";

/// Why a cluster did not do what it was told.
pub(crate) fn cause(error: kube::Error) -> Cause {
    let status = match error {
        kube::Error::Api(status) => status,
        error => return Cause::Other(anyhow!(error)),
    };
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let owned = causes.filter(|cause| cause.reason == OWNED);
    let owned: Vec<(String, String)> = owned
        .map(|cause| (cause.field.clone(), manager(&cause.message)))
        .collect();
    if !owned.is_empty() {
        return Cause::Owned(owned);
    }
    let is_of_the_patch = is_of_the_patch(&status);
    let Status { code, message, .. } = *status;
    match code {
        // A rule of the cluster may have any words.
        422 if message.contains("immutable") && !message.contains("denied request") => {
            Cause::Immutable(message)
        }
        400 | 422 => Cause::Refused(message),
        _ if is_of_the_patch => Cause::Refused(message),
        // Admission answers with the same number as a missing right does.
        403 if message.contains("admission webhook")
            || message.contains("violates PodSecurity")
            || message.contains("exceeded quota")
            || message.contains("denied request") =>
        {
            Cause::Refused(message)
        }
        403 if message.contains("is being terminated") => {
            Cause::Other(anyhow!("{message}: wait until it is gone"))
        }
        403 => Cause::Forbidden(message),
        _ => Cause::Other(anyhow!("{message}")),
    }
}

/// The one fault of a patch that the cluster takes for one of its own.
pub(super) fn is_of_the_patch(status: &Status) -> bool {
    status.code == 500 && status.message.contains("typed patch object")
}

/// The name within `conflict with "NAME" using VERSION`.
fn manager(message: &str) -> String {
    let name = message.split('"').nth(1);
    name.unwrap_or(message).to_owned()
}

impl Place {
    /// How a command ends that wanted something of an object and did not get it.
    pub(crate) fn failure(&self, wanted: &str, id: &ObjectId, cause: Cause) -> Failure {
        let context = &self.context;
        let failure = match cause {
            Cause::Owned(owned) => {
                let owned = owned
                    .iter()
                    .map(|(field, manager)| format!("{field} is owned by {manager}"));
                let owned = owned.collect::<Vec<_>>().join(", ");
                Refusal::Conflict
                    .because(anyhow!("could not {wanted} {id}: {owned}"))
                    .hint(format!(
                        "leave these fields to them, or take them over by `--force-conflicts={id}`"
                    ))
            }
            Cause::Immutable(message) => Refusal::Refused
                .because(anyhow!(
                    "could not {wanted} {id}, of which something cannot change: {message}"
                ))
                .hint(format!("`--replace {id}` deletes it and makes it anew")),
            Cause::Refused(message) => Refusal::Invalid.because(anyhow!(
                "could not {wanted} {id}: the cluster refuses it: {message}"
            )),
            Cause::Forbidden(message) => Refusal::Preflight
                .because(anyhow!("could not {wanted} {id}: {message}"))
                .hint("`infra doctor` says which rights are needed"),
            Cause::Other(error) => Refusal::Unexpected.because(error.context(format!(
                "could not {wanted} {id} in the cluster of the context `{context}`"
            ))),
        };
        failure.about(id)
    }
}
