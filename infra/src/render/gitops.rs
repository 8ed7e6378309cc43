//! What an operator of `GitOps` needs to apply what stands in a repository, instead of `infra apply`.

use config::Form;
use serde_json::{Value, json};

use super::jobs::BUILD_NAME;
use super::scaling;
use crate::model::{DATABASE_NAME, Model, NAME};
use crate::object::{DATA_KINDS, Object};

/// Where the objects of an environment stand, and who applies them from there.
#[derive(Debug)]
pub(crate) struct Repository<'a> {
    /// Who.
    pub(crate) operator: Operator,
    /// Its address.
    pub(crate) url: &'a str,
    /// The branch that is applied.
    pub(crate) branch: &'a str,
    /// The folder in it, of an environment or of all.
    pub(crate) path: &'a str,
}

/// What the cluster is called for Argo CD that it runs in itself.
const OWN_CLUSTER: &str = "in-cluster";

/// The namespace of Argo CD, where it looks for its objects.
const ARGO_CD: &str = "argocd";

/// The namespace of Flux, where it looks for its objects.
const FLUX: &str = "flux-system";

/// What a template of applications cannot say, since it is no text (<https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Template/#template-patch>).
const TEMPLATE_PATCH: &str = "\
spec:
  ignoreDifferences: {{ toJson .ignoreDifferences }}
  syncPolicy:
    automated:
      prune: {{ .prune }}
";

/// An operator of `GitOps`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Operator {
    /// Argo CD: an `Application`, or an `ApplicationSet` of all environments.
    ArgoCd,
    /// Flux: a `GitRepository` and a `Kustomization` an environment.
    Flux,
}

/// What the folder is called of what has to be there before the rest is tried.
pub(crate) const BEFORE: &str = "before";

/// What that is.
const BEFORE_KINDS: [&str; 2] = ["Namespace", "SpinAppExecutor"];

impl Operator {
    /// The annotation of what is kept though it is not wanted any more (<https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#no-prune-resources>,
    /// <https://fluxcd.io/flux/components/kustomize/kustomizations/#prune>).
    fn kept(self) -> (&'static str, &'static str) {
        match self {
            Self::ArgoCd => (
                "argocd.argoproj.io/sync-options",
                "Prune=false,Delete=false",
            ),
            Self::Flux => ("kustomize.toolkit.fluxcd.io/prune", "disabled"),
        }
    }

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
        Operator::Flux => flux(model, repository, repository.path),
    }
}

/// The same for several environments, each of which has a folder of its name in that of the repository.
pub(crate) fn objects_of_all(models: &[Model<'_>], repository: &Repository<'_>) -> Vec<Object> {
    let of_one = |model| flux(model, repository, &repository.path_of(model));
    match repository.operator {
        Operator::ArgoCd => vec![application_set(models, repository)],
        Operator::Flux => models.iter().flat_map(of_one).collect(),
    }
}

impl Repository<'_> {
    /// The folder of an environment in that of all.
    fn path_of(&self, model: &Model<'_>) -> String {
        format!("{}/{}", self.path, model.environment_name)
    }
}

/// Tells the operator what it could not know of its objects: what is a hook, and what nobody deletes because it is not wanted any more.
pub(crate) fn prepare(objects: Vec<Object>, operator: Operator) -> Vec<Object> {
    let prepare = |object: Object| {
        let kind = object.value["kind"].as_str().unwrap_or_default();
        let guards = kind == "NetworkPolicy" && object.value["metadata"]["name"] == DATABASE_NAME;
        let is_kept = kind == "Namespace" || DATA_KINDS.contains(&kind) || guards;
        let (annotation, value) = operator.kept();
        match operator {
            _ if is_kept => object.with_annotation(annotation, value),
            Operator::ArgoCd if kind == "Job" => hook(object),
            _ => object,
        }
    };
    objects.into_iter().map(prepare).collect()
}

/// Argo CD counts a Job as done for good; as a hook it is made anew with each change in the place of the one that was called so
/// (<https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/>).
fn hook(mut job: Object) -> Object {
    job.value["metadata"]["name"] = json!(BUILD_NAME);
    job.with_annotation("argocd.argoproj.io/hook", "Sync")
        .with_annotation(
            "argocd.argoproj.io/hook-delete-policy",
            "BeforeHookCreation",
        )
}

/// Those that stand in the folder [`BEFORE`] the others.
///
/// Flux tries everything of a folder before it applies the first of it, and a `SpinApp` is refused before its executor is there.
pub(crate) fn split(
    model: &Model<'_>,
    operator: Operator,
    objects: Vec<Object>,
) -> (Vec<Object>, Vec<Object>) {
    let comes_before = |object: &Object| {
        is_split(model, operator)
            && BEFORE_KINDS
                .iter()
                .any(|kind| object.value["kind"] == *kind)
    };
    objects.into_iter().partition(comes_before)
}

fn is_split(model: &Model<'_>, operator: Operator) -> bool {
    operator == Operator::Flux && model.environment.application.form == Form::SpinApp
}

fn name(model: &Model<'_>) -> String {
    format!("{NAME}-{}", model.environment_name)
}

/// See <https://argo-cd.readthedocs.io/en/stable/user-guide/application-specification/>.
fn application(model: &Model<'_>, repository: &Repository<'_>) -> Object {
    let destination = json!({ "name": OWN_CLUSTER, "namespace": model.namespace });
    let mut spec = application_spec(repository, repository.path, &destination);
    spec["syncPolicy"]["automated"]["prune"] = json!(is_pruned(model));
    let ignored = ignored_differences(model);
    if !ignored.is_empty() {
        spec["ignoreDifferences"] = json!(ignored);
    }
    let api = ["argoproj.io/v1alpha1", "Application"];
    let content = json!({ "spec": spec });
    Object::new(model, "gitops", api, &name(model), content).in_namespace(ARGO_CD)
}

/// One `Application` an environment, on the cluster that Argo CD has under the name of the environment's context, as `argocd cluster add` names it
/// (<https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-List/>).
fn application_set(models: &[Model<'_>], repository: &Repository<'_>) -> Object {
    let element = |model: &Model<'_>| {
        json!({
            "environment": model.environment_name,
            "cluster": model.environment.context.as_deref().unwrap_or(OWN_CLUSTER),
            "namespace": model.namespace,
            "path": repository.path_of(model),
            "prune": is_pruned(model),
            "ignoreDifferences": ignored_differences(model),
        })
    };
    let elements: Vec<Value> = models.iter().map(element).collect();
    let destination = json!({ "name": "{{ .cluster }}", "namespace": "{{ .namespace }}" });
    let spec = application_spec(repository, "{{ .path }}", &destination);
    let content = json!({ "spec": {
        "goTemplate": true,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{ "list": { "elements": elements } }],
        "template": {
            "metadata": { "name": format!("{NAME}-{{{{ .environment }}}}") },
            "spec": spec,
        },
        "templatePatch": TEMPLATE_PATCH,
        // Who takes an environment out of the list, does not mean to take it out of its cluster.
        "syncPolicy": { "preserveResourcesOnDeletion": true },
    } });
    let api = ["argoproj.io/v1alpha1", "ApplicationSet"];
    Object::of_no_environment("gitops", api, NAME, content).in_namespace(ARGO_CD)
}

/// What all applications have in common.
fn application_spec(repository: &Repository<'_>, path: &str, destination: &Value) -> Value {
    json!({
        "project": "default",
        "source": {
            "repoURL": repository.url,
            "targetRevision": repository.branch,
            "path": path,
        },
        "destination": destination,
        "syncPolicy": {
            "automated": { "selfHeal": true },
            "syncOptions": ["ServerSideApply=true", "RespectIgnoreDifferences=true"],
        },
    })
}

/// What is protected, nobody deletes by deleting a file.
fn is_pruned(model: &Model<'_>) -> bool {
    !model.environment.protected
}

/// What Argo CD leaves as it is: the replicas are the autoscaler's, where there is one.
fn ignored_differences(model: &Model<'_>) -> Vec<Value> {
    let replicas =
        || json!({ "group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"] });
    scaling::is_automatic(model)
        .then(replicas)
        .into_iter()
        .collect()
}

/// See <https://fluxcd.io/flux/components/kustomize/kustomizations/>. Flux leaves fields alone that nobody wrote, so that the replicas stay the autoscaler's.
fn flux(model: &Model<'_>, repository: &Repository<'_>, path: &str) -> Vec<Object> {
    let source = json!({
        "interval": "5m",
        "url": repository.url,
        "ref": { "branch": repository.branch },
    });
    let kustomization = |path: String| {
        json!({
            "interval": "10m",
            "path": path,
            "prune": is_pruned(model),
            "sourceRef": { "kind": "GitRepository", "name": name(model) },
        })
    };
    let object = |[api, kind]: [&'static str; 2], name: &str, spec: &Value| {
        let content = json!({ "spec": spec });
        Object::new(model, "gitops", [api, kind], name, content).in_namespace(FLUX)
    };
    let kind = ["kustomize.toolkit.fluxcd.io/v1", "Kustomization"];
    let mut rest = kustomization(format!("./{path}"));
    let mut objects = vec![object(
        ["source.toolkit.fluxcd.io/v1", "GitRepository"],
        &name(model),
        &source,
    )];
    if is_split(model, Operator::Flux) {
        let name = format!("{}-{BEFORE}", name(model));
        objects.push(object(
            kind,
            &name,
            &kustomization(format!("./{path}/{BEFORE}")),
        ));
        rest["dependsOn"] = json!([{ "name": name }]);
    }
    objects.push(object(kind, &name(model), &rest));
    objects
}
