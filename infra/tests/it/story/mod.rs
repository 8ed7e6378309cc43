//! The whole way on a real node: from an empty cluster and one configuration to answers over HTTP, a new version, a bad one, and nothing again.
//!
//! `cargo xtask e2e` says where (see [`Node`]): without a node, these tests say that they are skipped.

mod load;
mod node;

use std::path::Path;

use serde_json::{Value, json};

use self::load::Load;
use self::node::Node;
use crate::program::{Place, Run};

/// How many requests a second are answered while versions change.
const REQUESTS_PER_SECOND: u32 = 50;

/// A question that goes the whole way to the index.
const PATH: &str = "/v1/movies/popular?count=1";

/// What runs on the node, in one form of the application.
struct Story {
    node: Node,
    place: Place,
    name: String,
    application: String,
}

impl Story {
    /// An environment on the node, whose application is configured so; `None` where there is no node.
    fn begin(name: &str, application: &str) -> Option<Self> {
        let node = Node::find(name)?;
        let story = Self {
            place: Place::new(""),
            name: format!("{name}-{}", std::process::id()),
            application: application.to_owned(),
            node,
        };
        std::os::unix::fs::symlink(node::functions(), story.place.path("functions")).unwrap();
        let manifest = std::fs::read_to_string(story.place.path("spin.toml")).unwrap();
        let manifest = manifest.replace("target/functions/", "functions/");
        std::fs::write(story.place.path("spin.toml"), manifest).unwrap();
        story.configure("minimum_replicas = 2\nmaximum_replicas = 2");
        Some(story)
    }

    /// Writes the configuration, with so many replicas.
    fn configure(&self, scaling: &str) {
        let Node {
            s3_url,
            precompute_image,
            storage_class,
            ..
        } = &self.node;
        let name = &self.name;
        let application = self
            .application
            .replace("HOST_IMAGE", &self.node.host_image)
            .replace("IMAGE", &self.node.application_image("1"));
        let text = format!(
            "[storage]\nendpoint = \"{s3_url}\"\nbucket = \"kindred\"\n\
            [collections.movies]\ntitle = \"Films\"\nsource = \"demo\"\nsynthetic = true\n\
            [environments.{name}.application]\n{application}\n\
            [environments.{name}.scaling]\n{scaling}\n\
            [environments.{name}.jobs]\nimage = \"{precompute_image}\"\ndata = \"s3://exports\"\n\
            scratch = {{ size = \"1Gi\", class = \"{storage_class}\" }}\n\
            memory_request = \"256Mi\"\nmemory_limit = \"1Gi\"\n\
            [environments.{name}.secrets]\n\
            s3_access_key_id = {{ environment = \"TEST_KEY_ID\" }}\n\
            s3_secret_access_key = {{ environment = \"TEST_KEY\" }}\n"
        );
        std::fs::write(self.place.path("kindred.toml"), text).unwrap();
    }

    /// Runs the program, which has to end with this status.
    fn infra(&self, args: &[&str], status: i32) -> Run {
        let mut command = self.place.command(args);
        // Of a SpinApp nobody says that its registry speaks plain HTTP, so that nobody sees it.
        if args.first() == Some(&"apply") && !self.application.contains("insecure_registry") {
            command.arg("--unseen-image");
        }
        command
            .args(["--env", &self.name])
            .env("KUBECONFIG", &self.node.kubeconfig)
            .env("TEST_KEY_ID", node::KEY_ID)
            .env("TEST_KEY", node::KEY);
        Run::checked(&mut command, status)
    }

    /// Pushes the application as another version of itself, and returns its name by digest.
    fn push(&self, version: &str) -> String {
        let manifest = self.place.path("spin.toml");
        let text = std::fs::read_to_string(&manifest).unwrap();
        let lines = text.lines().map(|line| {
            if line.starts_with("version = ") {
                format!("version = \"{version}.0.0\"")
            } else {
                line.to_owned()
            }
        });
        std::fs::write(&manifest, lines.collect::<Vec<_>>().join("\n")).unwrap();
        let tag = self.node.application_image(version);
        let run = self.infra(&["push", "--insecure", "--tag", &tag], 0);
        run.stdout.trim().to_owned()
    }

    fn kubectl(&self, args: &[&str]) -> Run {
        let namespace = format!("--namespace=kindred-{}", self.name);
        self.node.kubectl(&[&[namespace.as_str()], args].concat())
    }

    /// Where the functions answer within the cluster, whose addresses of Services lead there from here as well.
    fn address(&self) -> String {
        let run = self.kubectl(&[
            "get",
            "service",
            "kindred",
            "--output=jsonpath={.spec.clusterIP}",
        ]);
        format!("{}:80", run.stdout)
    }

    fn ask(&self, path: &str) -> Value {
        let url = format!("http://{}{path}", self.address());
        let mut answer = ureq::get(&url).call().unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
    }

    /// What is seen of the environment where a test fails, in files: its objects, events and logs.
    fn keep_logs(&self) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&self.name);
        let _ = std::fs::create_dir_all(&folder);
        let logs = [
            "logs",
            "--all-containers",
            "--prefix",
            "--tail=-1",
            "--selector",
        ];
        let name = "app.kubernetes.io/name=kindred";
        for (file, args) in [
            ("objects.txt", &["get", "all", "--output=wide"][..]),
            ("pods.yaml", &["get", "pods", "--output=yaml"]),
            ("events.txt", &["get", "events", "--sort-by=.lastTimestamp"]),
            ("logs.txt", &[&logs[..], &[name]].concat()),
        ] {
            let run = self.kubectl(args);
            let _ = std::fs::write(folder.join(file), run.stdout + &run.stderr);
        }
        println!("what was there is kept in {}", folder.display());
    }

    /// Whether a shim runs the functions, and not `host`.
    fn is_of_shim(&self) -> bool {
        !self.application.contains("host_image")
    }

    /// That no request failed while versions changed. A shim has no delay before it stops: of it, it is told.
    fn check_load(&self, (answered, failures): (u64, Vec<String>)) {
        if self.is_of_shim() {
            println!(
                "of {answered} requests, {} failed with the shim: {failures:?}",
                failures.len()
            );
        } else {
            assert_eq!(failures, Vec::<String>::new(), "of {answered}");
        }
        assert!(10 * u64::from(REQUESTS_PER_SECOND) < answered, "{answered}");
    }

    /// What the Deployment is called: that of a `SpinApp` is the operator's.
    fn deployment(&self) -> &'static str {
        if self.application.contains("spin-app") {
            "kindred-app"
        } else {
            "kindred"
        }
    }

    /// Everything that a form of the application has to stand, and another one that takes its place.
    fn tell(mut self, other: &str) {
        let first = self.push("1");
        self.infra(&["doctor", "--image", &first], 0);
        self.infra(
            &["apply", "--yes", "--image", &first, "--timeout", "300"],
            0,
        );
        let found = self.ask("/v1/movies/search?q=heat&count=1");
        assert_eq!(found["items"][0]["title"], "Heat", "{found}");
        assert_eq!(
            self.ask("/readyz"),
            json!({ "status": "ready", "collections": { "movies": "ready" } })
        );
        let url = format!("http://{}", self.address());
        let probed = self.infra(&["probe", "--url", &url], 0).stdout;
        assert!(probed.contains("movies  generation "), "{probed}");
        let again = self.infra(&["plan", "--detailed-exitcode", "--image", &first], 0);
        assert!(!again.stdout.contains("configured"), "{}", again.stdout);

        let load = Load::begin(&self.address(), PATH, REQUESTS_PER_SECOND);
        let second = self.push("2");
        assert_ne!(first, second);
        self.infra(
            &["apply", "--yes", "--image", &second, "--timeout", "300"],
            0,
        );
        self.check_load(load.end());

        let load = Load::begin(&self.address(), PATH, REQUESTS_PER_SECOND);
        let gone = format!(
            "{}@sha256:{}",
            first.split('@').next().unwrap(),
            "0".repeat(64)
        );
        let apply = ["apply", "--yes", "--timeout", "300", "--image", &gone];
        let mut unseen = apply.to_vec();
        if self.application.contains("insecure_registry") {
            let run = self.infra(&apply, 4);
            assert!(run.stderr.contains("nothing was changed"), "{}", run.stderr);
            unseen.push("--unseen-image");
        }
        let run = self.infra(&unseen, 6);
        let expected = if self.is_of_shim() {
            ["ImagePullBackOff", "not found"]
        } else {
            ["CrashLoopBackOff", "is not in its registry"]
        };
        for expected in expected {
            assert!(run.stderr.contains(expected), "{}", run.stderr);
        }
        self.infra(&["rollback", "--yes", "--timeout", "300"], 0);
        self.check_load(load.end());
        let history = self.infra(&["history"], 0).stdout;
        let outcomes: Vec<&str> = history
            .lines()
            .map(|line| line.split_whitespace().nth(3).unwrap())
            .collect();
        assert_eq!(outcomes, ["ready", "failed", "ready", "ready"], "{history}");

        let pod = self.kubectl(&[
            "get",
            "pods",
            "--selector=app.kubernetes.io/component=functions",
            "--output=name",
        ]);
        let pod = pod.stdout.lines().next().unwrap().to_owned();
        self.kubectl(&["delete", &pod, "--grace-period=0", "--force"]);
        self.infra(&["wait", "--timeout", "120"], 0);
        self.configure("minimum_replicas = 3\nmaximum_replicas = 3");
        self.infra(
            &["apply", "--yes", "--image", &second, "--timeout", "300"],
            0,
        );
        let ready = self.kubectl(&[
            "get",
            "deployment",
            self.deployment(),
            "--output=jsonpath={.status.readyReplicas}",
        ]);
        assert_eq!(ready.stdout, "3");

        let load = Load::begin(&self.address(), PATH, REQUESTS_PER_SECOND);
        let before = self.deployment();
        other.clone_into(&mut self.application);
        self.configure("minimum_replicas = 2\nmaximum_replicas = 2");
        let apply = ["apply", "--yes", "--prune", "--timeout", "300", "--image"];
        self.infra(&[&apply[..], &[&second]].concat(), 0);
        self.check_load(load.end());
        let gone = self.kubectl(&["wait", "--for=delete", "deployment", before]);
        assert_eq!(gone.status, Some(0), "{}", gone.stderr);

        self.infra(&["destroy", "--yes", "--delete-data"], 0);
        let namespace = format!("namespace/kindred-{}", self.name);
        assert_ne!(self.node.kubectl(&["get", &namespace]).status, Some(0));
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.keep_logs();
        }
        let namespace = format!("kindred-{}", self.name);
        self.node.kubectl(&[
            "delete",
            "namespace",
            &namespace,
            "--ignore-not-found",
            "--wait=false",
        ]);
    }
}

/// A Deployment of `host`.
const HOST: &str =
    "form = \"host\"\nimage = \"IMAGE\"\nhost_image = \"HOST_IMAGE\"\ninsecure_registry = true";

/// A `SpinApp` whose executor runs `host`.
const SPIN_APP: &str = "form = \"spin-app\"\nimage = \"IMAGE\"\nhost_image = \"HOST_IMAGE\"";

#[test]
fn as_a_deployment_of_host() {
    if let Some(story) = Story::begin("deployment", HOST) {
        story.tell(SPIN_APP);
    }
}

#[test]
fn as_a_spin_app_whose_executor_is_host() {
    if let Some(story) = Story::begin("spin-app", SPIN_APP) {
        story.tell(HOST);
    }
}

/// What runtime-class-manager calls the shim, where it is installed.
const SHIM: &str = "wasmtime-spin-v2";

#[test]
fn with_a_shim_where_there_is_one() {
    let Some(story) = Story::begin("with-shim", "form = \"deployment\"\nimage = \"IMAGE\"") else {
        return;
    };
    if story.node.kubectl(&["get", "runtimeclass", SHIM]).status == Some(0) {
        story.tell("form = \"spin-app\"\nimage = \"IMAGE\"");
    } else {
        println!(
            "NOT TESTED: the cluster has no RuntimeClass {SHIM}, so that no shim runs the functions"
        );
    }
}

/// Without a shim, its form is admitted and scheduled, and what is missing is told.
#[test]
fn with_a_runtime_class_without_a_shim() {
    let application =
        "form = \"deployment\"\nimage = \"IMAGE\"\nruntime_class = \"kindred-no-shim\"";
    let Some(story) = Story::begin("shim", application) else {
        return;
    };
    let image = story.push("1");
    let run = story.infra(&["doctor", "--image", &image], 4);
    assert!(run.stdout.contains("kindred-no-shim"), "{}", run.stdout);
    let run = story.infra(&["apply", "--yes", "--image", &image, "--timeout", "60"], 6);
    assert!(
        run.stderr
            .contains("RuntimeClass \"kindred-no-shim\" not found"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("no shim is installed"),
        "{}",
        run.stderr
    );
    let class = json!({
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": { "name": "kindred-no-shim" },
        "handler": "no-shim",
    });
    story.node.create(&class);
    let run = story.infra(&["apply", "--yes", "--image", &image, "--timeout", "20"], 6);
    story
        .node
        .kubectl(&["delete", "runtimeclass", "kindred-no-shim"]);
    assert!(
        run.stderr
            .contains("no runtime for \"no-shim\" is configured"),
        "{}",
        run.stderr
    );
    story.infra(&["destroy", "--yes", "--delete-data"], 0);
}
