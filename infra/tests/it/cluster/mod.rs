//! The engine against the API server of a real cluster, with `kubectl` as the second opinion. `cargo xtask e2e` says which cluster: without one, these tests say that they are skipped.
//!
//! Each test has an environment, and so a namespace, of its own.

mod applying;
mod doctor;
mod faults;
mod ownership;
mod planning;
mod proxy;
mod rollout;
mod standby;

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{RwLock, RwLockReadGuard};

use serde_json::Value;

use crate::program::{Place, Run};

/// The kubeconfig of a cluster in which tests may make namespaces.
pub(crate) const KUBECONFIG: &str = "KINDRED_TEST_KUBECONFIG";

/// The folder of the scripts that started the cluster, where tests may start its API server again, and where its pods only seem to run.
const BED: &str = "KINDRED_TEST_BED";

/// Held to be written by who disturbs the cluster, and to be read by everybody else.
static PEACE: RwLock<()> = RwLock::new(());

/// An environment in a cluster. Its namespace goes with it.
struct Site {
    kubeconfig: PathBuf,
    name: String,
    place: Place,
    peace: Option<RwLockReadGuard<'static, ()>>,
}

impl Site {
    /// An environment of this name with these settings; `None` where there is no cluster, which is said.
    fn new(name: &str, settings: &str) -> Option<Self> {
        let peace = PEACE
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut site = Self::in_disturbance(name, settings)?;
        site.peace = Some(peace);
        Some(site)
    }

    /// The same, for who disturbs the cluster.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    fn in_disturbance(name: &str, settings: &str) -> Option<Self> {
        let Some(kubeconfig) = env::var_os(KUBECONFIG) else {
            eprintln!("SKIPPED: {KUBECONFIG} names no cluster; `cargo xtask e2e` does");
            return None;
        };
        let name = format!("{name}-{}", std::process::id());
        let site = Self {
            kubeconfig: kubeconfig.into(),
            place: Place::new(""),
            name,
            peace: None,
        };
        site.configure(settings);
        Some(site)
    }

    /// The folder of the bed, where there is one; where not, that is said.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    fn bed() -> Option<PathBuf> {
        let bed = env::var_os(BED);
        if bed.is_none() {
            eprintln!(
                "SKIPPED: {BED} names no bed, on which pods seem to run and whose API server can be started again"
            );
        }
        bed.map(PathBuf::from)
    }

    fn namespace(&self) -> String {
        format!("kindred-{}", self.name)
    }

    /// Writes the settings of the environment anew, with `NAME` as its name.
    fn configure(&self, settings: &str) {
        self.place.configure(&settings.replace("NAME", &self.name));
    }

    /// The program, with this environment.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.place.command(&unseen(args));
        command
            .args(["--env", &self.name])
            .env("KUBECONFIG", &self.kubeconfig);
        command
    }

    /// The kubeconfig of somebody with a `ClusterRole` in the namespace and nowhere else.
    fn kubeconfig_of(&self, role: &str) -> PathBuf {
        self.kubectl_ok(&["create", "serviceaccount", role]);
        let account = format!("{}:{role}", self.namespace());
        let binding = ["create", "rolebinding", role, "--clusterrole", role];
        self.kubectl_ok(&[&binding[..], &["--serviceaccount", &account]].concat());
        let token = self.kubectl_ok(&["create", "token", role]);
        let path = self.place.path(role);
        let view = self.kubectl_ok(&["config", "view", "--raw", "--flatten", "--minify"]);
        std::fs::write(&path, view).unwrap();
        for args in [
            &["set-credentials", role, "--token", &token][..],
            &["set-context", "--current", "--user", role],
        ] {
            let mut kubectl = Command::new("kubectl");
            kubectl.arg("config").args(args);
            Run::checked(kubectl.env("KUBECONFIG", &path), 0);
        }
        path
    }

    fn run(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command(args))
    }

    /// Runs the program, which has to end with this status.
    fn check(&self, args: &[&str], status: i32) -> Run {
        Run::checked(&mut self.command(args), status)
    }

    /// Applies without waiting.
    fn apply(&self, more: &[&str]) -> Run {
        self.check(&[&["apply", "--yes", "--wait=false"], more].concat(), 0)
    }

    fn kubectl(&self, args: &[&str]) -> Run {
        let mut command = Command::new("kubectl");
        command.args(["--namespace", &self.namespace()]).args(args);
        Run::of(command.env("KUBECONFIG", &self.kubeconfig))
    }

    /// Runs `kubectl`, which has to end well.
    fn kubectl_ok(&self, args: &[&str]) -> String {
        let run = self.kubectl(args);
        assert_eq!(run.status, Some(0), "{args:?}: {}", run.stderr);
        run.stdout
    }

    /// An object as the cluster has it.
    fn get(&self, object: &str) -> Value {
        serde_json::from_str(&self.kubectl_ok(&[
            "get",
            object,
            "--output=json",
            "--show-managed-fields",
        ]))
        .unwrap()
    }

    /// Lets a finalizer hold the Service where it is deleted, or go.
    fn hold_service(&self, is_held: bool) {
        let finalizers = if is_held {
            r#""example.org/stuck""#
        } else {
            ""
        };
        let patch = format!(r#"{{"metadata":{{"finalizers":[{finalizers}]}}}}"#);
        let service = ["patch", "service/kindred", "--type=merge", "--patch"];
        self.kubectl_ok(&[&service[..], &[&patch]].concat());
    }

    fn delete_namespace(&self, name: &str) {
        let kept = ["--ignore-not-found", "--wait=false"];
        self.kubectl(&[&["delete", "namespace", name][..], &kept].concat());
    }

    fn is_there(&self, object: &str) -> bool {
        self.kubectl(&["get", object]).status == Some(0)
    }

    /// What an apply or a plan says it does, object by object, as `action Kind/name`.
    fn actions(run: &Run) -> Vec<String> {
        let events = run
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let objects = events.filter(|event| event["type"] == "object");
        objects
            .map(|event| {
                format!(
                    "{} {}/{}",
                    text(&event["action"]),
                    text(&event["kind"]),
                    text(&event["name"])
                )
            })
            .collect()
    }

    /// What a plan would change.
    fn planned(&self, more: &[&str]) -> Vec<String> {
        let run = self.check(&[&["plan", "--output", "json"], more].concat(), 0);
        let mut actions = Self::actions(&run);
        actions.retain(|action| !action.starts_with("unchanged"));
        actions
    }
}

/// What is applied is in registries that nobody sees from here.
fn unseen<'a>(args: &[&'a str]) -> Vec<&'a str> {
    let flag = (args.first() == Some(&"apply")).then_some("--unseen-image");
    args.iter().copied().chain(flag).collect()
}

impl Drop for Site {
    fn drop(&mut self) {
        self.delete_namespace(&self.namespace());
    }
}

/// A Deployment of the `host` image, with two replicas and no autoscaler.
const HOST: &str = r#"
[environments.NAME.application]
form = "host"
image = "ghcr.io/example/kindred:1"
host_image = "ghcr.io/example/host:1"
[environments.NAME.scaling]
maximum_replicas = 2
"#;
