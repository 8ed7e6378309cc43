//! What an operator of `GitOps` needs to apply what stands in a repository, instead of `infra apply`.

use serde_json::{Value, json};

use super::scaling;
use crate::model::{Model, NAME};
use crate::object::Object;

/// Where the objects of an environment stand, and who applies them from there.
#[derive(Debug)]
pub(crate) struct Repository<'a> {
    /// Who.
    pub(crate) operator: Operator,
    /// Its address.
    pub(crate) url: &'a str,
    /// The branch that is applied.
    pub(crate) branch: &'a str,
    /// The folder in it.
    pub(crate) path: &'a str,
}

/// An operator of `GitOps`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Operator {
    /// Argo CD: an `Application`.
    ArgoCd,
    /// Flux: a `GitRepository` and a `Kustomization`.
    Flux,
}

impl Operator {
    /// In which file its objects stand; it is none of those that are applied by it.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::ArgoCd => "argo-cd",
            Self::Flux => "flux",
        }
    }
}

/// The operator's own objects, to be applied once by hand.
pub(crate) fn objects(model: &Model<'_>, repository: &Repository<'_>) -> Vec<Object> {
    match repository.operator {
        Operator::ArgoCd => vec![application(model, repository)],
        Operator::Flux => flux(model, repository),
    }
}

/// Tells the operator what it could not know of an object.
///
/// Argo CD counts a Job as done for good; as a hook it is made anew with each change (<https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/>).
pub(crate) fn prepare(objects: Vec<Object>, operator: Operator) -> Vec<Object> {
    let prepare = |object: Object| match operator {
        Operator::ArgoCd if object.value["kind"] == "Job" => object
            .with_annotation("argocd.argoproj.io/hook", "Sync")
            .with_annotation(
                "argocd.argoproj.io/hook-delete-policy",
                "BeforeHookCreation",
            ),
        _ => object,
    };
    objects.into_iter().map(prepare).collect()
}

fn name(model: &Model<'_>) -> String {
    format!("{NAME}-{}", model.environment_name)
}

/// See <https://argo-cd.readthedocs.io/en/stable/user-guide/application-specification/>.
fn application(model: &Model<'_>, repository: &Repository<'_>) -> Object {
    let mut spec = json!({
        "project": "default",
        "source": {
            "repoURL": repository.url,
            "targetRevision": repository.branch,
            "path": repository.path,
        },
        "destination": { "server": "https://kubernetes.default.svc", "namespace": model.namespace },
        "syncPolicy": {
            // What is protected, nobody deletes by deleting a file.
            "automated": { "prune": !model.environment.protected, "selfHeal": true },
            "syncOptions": ["ServerSideApply=true", "RespectIgnoreDifferences=true"],
        },
    });
    if scaling::is_automatic(model) {
        spec["ignoreDifferences"] =
            json!([{ "group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"] }]);
    }
    of_operator(
        model,
        "argocd",
        ["argoproj.io/v1alpha1", "Application"],
        &spec,
    )
}

/// See <https://fluxcd.io/flux/components/kustomize/kustomizations/>. Flux leaves fields alone that nobody wrote, so that the replicas stay the autoscaler's.
fn flux(model: &Model<'_>, repository: &Repository<'_>) -> Vec<Object> {
    let source = json!({
        "interval": "5m",
        "url": repository.url,
        "ref": { "branch": repository.branch },
    });
    let kustomization = json!({
        "interval": "10m",
        "path": format!("./{}", repository.path),
        "prune": !model.environment.protected,
        "sourceRef": { "kind": "GitRepository", "name": name(model) },
    });
    let apis = [
        (["source.toolkit.fluxcd.io/v1", "GitRepository"], source),
        (
            ["kustomize.toolkit.fluxcd.io/v1", "Kustomization"],
            kustomization,
        ),
    ];
    apis.map(|(api, spec)| of_operator(model, "flux-system", api, &spec))
        .to_vec()
}

/// An object in the namespace of the operator, where it looks for them.
fn of_operator(model: &Model<'_>, namespace: &str, api: [&str; 2], spec: &Value) -> Object {
    let content = json!({ "spec": spec });
    Object::new(model, "gitops", api, &name(model), content).in_namespace(namespace)
}
