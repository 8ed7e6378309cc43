//! Everything that is rendered, held against what a real API server knows of its kinds, those of operators by the definitions that these come with. `cargo xtask e2e engine` brings both:
//! without them, this says that it is skipped.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize as _;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::cluster::KUBECONFIG;
use crate::environments::{
    CLUSTER, DATABASE, DEPLOYMENT, HOST, LOGS, PER_FUNCTION, PLAIN, SEALED, VOLUME,
};
use crate::program::{Place, Run};

/// The folder with the definitions of custom resources.
const DEFINITIONS: &str = "KINDRED_TEST_CRDS";

/// Every kind of a custom resource that is rendered.
const KINDS: [&str; 16] = [
    "Application.argoproj.io",
    "ApplicationSet.argoproj.io",
    "Certificate.cert-manager.io",
    "Cluster.postgresql.cnpg.io",
    "ExternalSecret.external-secrets.io",
    "GitRepository.source.toolkit.fluxcd.io",
    "HTTPRoute.gateway.networking.k8s.io",
    "Issuer.cert-manager.io",
    "Kustomization.kustomize.toolkit.fluxcd.io",
    "PodMonitor.monitoring.coreos.com",
    "PrometheusRule.monitoring.coreos.com",
    "ReferenceGrant.gateway.networking.k8s.io",
    "ScaledObject.keda.sh",
    "Shim.runtime.spinkube.dev",
    "SpinApp.core.spinkube.dev",
    "SpinAppExecutor.core.spinkube.dev",
];

/// A field that no kind has.
const NOBODYS_FIELD: &str = "kindredTest";

#[test]
fn what_is_rendered_is_as_it_was_defined() {
    let Some(mut cluster) = Cluster::new() else {
        return;
    };
    cluster.define();
    let kinds = cluster.kinds();
    let mut objects = rendered();
    for kind in KINDS {
        assert!(
            objects.iter().any(|object| kind_of(object) == kind),
            "{kind} is not rendered"
        );
        if !kinds.contains(kind) {
            eprintln!("NOT TESTED: {kind}, since nobody has its definition");
            objects.retain(|object| kind_of(object) != kind);
        }
    }
    cluster.make_namespaces(&objects);

    let run = cluster.check(&objects);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert_eq!(run.stdout.lines().count(), objects.len(), "{}", run.stdout);

    let mut refused = BTreeSet::new();
    for object in &mut objects {
        let kind = kind_of(object);
        if kinds.contains(&kind) && refused.insert(kind.clone()) {
            object["spec"][NOBODYS_FIELD] = json!("nobody's");
            let run = cluster.check([&*object]);
            assert_ne!(
                run.status,
                Some(0),
                "{kind} takes what it does not have: {}",
                run.stdout
            );
            assert!(run.stderr.contains(NOBODYS_FIELD), "{kind}: {}", run.stderr);
        }
    }
    assert!(!refused.is_empty(), "no definition was there");
}

/// Everything that is rendered, of all environments, for all operators, and of the cluster.
fn rendered() -> Vec<Value> {
    let environments = [
        (PLAIN, "dev"),
        (HOST, "prod"),
        (DEPLOYMENT, "edge"),
        (VOLUME, "box"),
        (SEALED, "small"),
        (PER_FUNCTION, "wide"),
        (DATABASE, "data"),
    ];
    let mut objects = printed(&[PLAIN, CLUSTER, LOGS].concat(), &["--cluster"]);
    for (environments, name) in environments {
        objects.extend(printed(environments, &["--env", name]));
    }
    for operator in ["argo-cd", "flux"] {
        objects.extend(in_file(HOST, &["--env", "prod"], operator));
    }
    objects.extend(in_file(HOST, &["--all-environments"], "argo-cd"));
    objects
}

/// What is written to standard output.
fn printed(environments: &str, args: &[&str]) -> Vec<Value> {
    let place = Place::new(environments);
    // What a database needs, and nobody else minds.
    place.declare("database_url = { default = \"\", secret = true }");
    documents(&render(&place, args).stdout)
}

/// What an operator of `GitOps` gets.
fn in_file(environments: &str, args: &[&str], operator: &str) -> Vec<Value> {
    let place = Place::new(environments);
    let folder = [
        "--out",
        "deploy",
        "--repository",
        "https://git.example.org/films.git",
    ];
    render(&place, &[args, &["--gitops", operator], &folder].concat());
    documents(&fs::read_to_string(place.path(&format!("deploy/{operator}.yaml"))).unwrap())
}

fn render(place: &Place, args: &[&str]) -> Run {
    let run = place.run(&[&["render"], args].concat());
    assert_eq!(run.status, Some(0), "{args:?}: {}", run.stderr);
    run
}

fn documents(text: &str) -> Vec<Value> {
    let documents = yaml_serde::Deserializer::from_str(text);
    documents
        .map(|document| Value::deserialize(document).unwrap())
        .collect()
}

/// The kind, and the group that has it.
fn kind_of(object: &Value) -> String {
    let api_version = object["apiVersion"].as_str().unwrap();
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    format!("{}.{group}", object["kind"].as_str().unwrap())
}

/// A cluster, with what the test made in it and takes away again. What was there before is somebody's, and stays.
struct Cluster {
    kubeconfig: PathBuf,
    definitions: PathBuf,
    made: Vec<String>,
}

impl Cluster {
    /// `None` where there is no cluster, or no definitions, which is said.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    fn new() -> Option<Self> {
        let (Some(kubeconfig), Some(definitions)) =
            (env::var_os(KUBECONFIG), env::var_os(DEFINITIONS))
        else {
            eprintln!(
                "SKIPPED: {KUBECONFIG} names no cluster, or {DEFINITIONS} no definitions; `cargo xtask e2e` does"
            );
            return None;
        };
        Some(Self {
            kubeconfig: kubeconfig.into(),
            definitions: definitions.into(),
            made: Vec::new(),
        })
    }

    /// Has the cluster serve the kinds whose definitions are there.
    fn define(&mut self) {
        let there = self.kubectl(&["get", "customresourcedefinitions", "--output=name"]);
        let mut waited = Vec::new();
        for entry in fs::read_dir(&self.definitions).unwrap() {
            let path = entry.unwrap().path();
            let definition = documents(&fs::read_to_string(&path).unwrap()).remove(0);
            let name = format!(
                "customresourcedefinition.apiextensions.k8s.io/{}",
                definition["metadata"]["name"].as_str().unwrap()
            );
            if !there.lines().any(|line| line == name) {
                self.made.push(name.clone());
                self.kubectl(&[
                    "apply",
                    "--server-side",
                    "--filename",
                    path.to_str().unwrap(),
                ]);
            }
            waited.push(name);
        }
        let waited = waited.iter().map(String::as_str);
        let wait = ["wait", "--for=condition=Established", "--timeout=60s"];
        self.kubectl(&wait.into_iter().chain(waited).collect::<Vec<_>>());
    }

    /// The kinds that are defined in the cluster.
    fn kinds(&self) -> BTreeSet<String> {
        let kinds =
            r#"--output=jsonpath={range .items[*]}{.spec.names.kind}.{.spec.group}{"\n"}{end}"#;
        let kinds = self.kubectl(&["get", "customresourcedefinitions", kinds]);
        kinds.lines().map(str::to_owned).collect()
    }

    /// Makes the namespaces of the objects, without which these are refused.
    fn make_namespaces(&mut self, objects: &[Value]) {
        let there = self.kubectl(&["get", "namespaces", "--output=name"]);
        let namespaces = objects
            .iter()
            .filter_map(|object| object["metadata"]["namespace"].as_str());
        for name in namespaces.collect::<BTreeSet<_>>() {
            let namespace = format!("namespace/{name}");
            if !there.lines().any(|line| line == namespace) {
                self.made.push(namespace);
                self.kubectl(&["create", "namespace", name]);
            }
        }
    }

    /// Has the cluster say what it thinks of objects. Who else owns their fields is not asked.
    fn check<'a>(&self, objects: impl IntoIterator<Item = &'a Value>) -> Run {
        let mut file = NamedTempFile::new().unwrap();
        for object in objects {
            writeln!(file, "{object}\n---").unwrap();
        }
        Run::of(
            self.command(&[
                "apply",
                "--server-side",
                "--dry-run=server",
                "--validate=strict",
                "--force-conflicts",
                "--filename",
            ])
            .arg(file.path()),
        )
    }

    /// Runs `kubectl`, which has to end well.
    fn kubectl(&self, args: &[&str]) -> String {
        let run = Run::of(&mut self.command(args));
        assert_eq!(run.status, Some(0), "{args:?}: {}", run.stderr);
        run.stdout
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("kubectl");
        command
            .args(args)
            .env("KUBECONFIG", &self.kubeconfig)
            .stdin(Stdio::null());
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !self.made.is_empty() {
            let made = self.made.iter().map(String::as_str);
            // Who runs this again at once finds none of it on its way out.
            let delete = ["delete", "--ignore-not-found", "--timeout=60s"];
            let args: Vec<&str> = delete.into_iter().chain(made).collect();
            let _ = self.command(&args).output();
        }
    }
}
