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
    /// It does not know who asks.
    Unauthorized,
    /// Something else.
    Other(Error),
}

/// The reason by which a field's owner is told.
const OWNED: &str = "FieldManagerConflict";

/// What our client says the reason is of an answer that is not an API server's
/// (<https://github.com/kube-rs/kube/blob/5.0.0/kube-client/src/client/mod.rs>).
const UNREADABLE: &str = "Failed to parse error data";

/// How many characters are told of such an answer.
const TOLD_CHARACTERS: usize = 80;

/// Why a cluster did not do what it was told.
pub(crate) fn cause(error: kube::Error) -> Cause {
    let status = match error {
        kube::Error::Api(status) => status,
        error => return Cause::Other(said(error)),
    };
    if status.reason == UNREADABLE {
        return Cause::Other(foreign(&status));
    }
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let owned = causes.filter(|cause| cause.reason == OWNED);
    let owned: Vec<(String, String)> = owned
        .map(|cause| (cause.field.clone(), manager(&cause.message)))
        .collect();
    if !owned.is_empty() {
        return Cause::Owned(owned);
    }
    if is_unauthorized(&status) {
        return Cause::Unauthorized;
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

/// What an error says, once: that of an answer has its words in its source, too.
fn said(error: kube::Error) -> Error {
    match error {
        kube::Error::Api(status) if status.reason == UNREADABLE => foreign(&status),
        kube::Error::Api(status) => anyhow!("{}", status.message),
        error => anyhow!(error),
    }
}

/// What is said of an answer that no API server gave, but a proxy before it, or another server at its address.
fn foreign(status: &Status) -> Error {
    let Status { code, message, .. } = status;
    let words: Vec<&str> = message.split_whitespace().collect();
    let told: String = words.join(" ").chars().take(TOLD_CHARACTERS).collect();
    anyhow!("the answer, {code} with `{told}`, is not an API server's")
}

/// Whether an API server does not know who asks.
fn is_unauthorized(status: &Status) -> bool {
    status.code == 401 && status.reason != UNREADABLE
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
    /// How a command ends to which a cluster did not even say what it serves.
    pub(super) fn unanswered(&self, error: kube::Error) -> Failure {
        let Self {
            context, server, ..
        } = self;
        let cluster = format!("the cluster at {server} (context `{context}`)");
        match error {
            kube::Error::Api(status) if is_unauthorized(&status) => self.unknown_here(&cluster),
            error => Refusal::Preflight
                .because(said(error).context(format!("{cluster} does not say what it serves")))
                .hint(format!(
                    "see whether `kubectl --context {context} version` reaches it"
                )),
        }
    }

    /// How a command ends whose user a cluster does not know.
    fn unknown_here(&self, said: &str) -> Failure {
        let Self { context, user, .. } = self;
        Refusal::Preflight
            .because(anyhow!("{said} does not take the credentials of {user}"))
            .hint(format!(
                "log in again, or name another user in the context `{context}` of the kubeconfig"
            ))
    }

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
            Cause::Unauthorized => {
                let said =
                    format!("could not {wanted} {id}: the cluster of the context `{context}`");
                self.unknown_here(&said)
            }
            Cause::Other(error) => Refusal::Unexpected.because(error.context(format!(
                "could not {wanted} {id} in the cluster of the context `{context}`"
            ))),
        };
        failure.about(id)
    }
}
