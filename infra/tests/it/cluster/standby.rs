//! What stands by on another cluster, which here is another context of the same one.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Site, unseen};
use crate::program::Run;

const DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

const OTHER_DIGEST: &str =
    "sha256:1111111111111111111111111111111111111111111111111111111111111111";

const PAIR: &str = r#"
[environments.NAME]
context = "first"
[environments.NAME.application]
form = "host"
image = "ghcr.io/example/kindred@DIGEST"
host_image = "ghcr.io/example/host@DIGEST"
[environments.NAME.scaling]
maximum_replicas = 2
[environments.NAME.jobs]
image = "ghcr.io/example/precompute@DIGEST"
data = "s3://exports"
[environments.NAME-west]
standby_of = "NAME"
context = "second"
"#;

/// Two environments, of which one stands by for the other.
struct Pair {
    site: Site,
    kubeconfig: PathBuf,
}

impl Pair {
    fn new(name: &str) -> Option<Self> {
        let site = Site::new(name, &PAIR.replace("DIGEST", DIGEST))?;
        let kubeconfig = site.place.path("kubeconfig");
        let view = ["config", "view", "--raw", "--flatten", "--minify"];
        std::fs::write(&kubeconfig, kubectl(&site.kubeconfig, &view)).unwrap();
        let part = |path: &str| {
            let path = format!("--output=jsonpath={{{path}}}");
            kubectl(&kubeconfig, &["config", "view", &path])
        };
        let cluster = format!("--cluster={}", part(".contexts[0].context.cluster"));
        let user = format!("--user={}", part(".contexts[0].context.user"));
        for context in ["first", "second"] {
            let set = ["config", "set-context", context, &cluster, &user];
            kubectl(&kubeconfig, &set);
        }
        Some(Self { site, kubeconfig })
    }

    fn west(&self) -> String {
        format!("{}-west", self.site.name)
    }

    fn check(&self, name: &str, args: &[&str], status: i32) -> Run {
        let mut command = self.site.place.command(&unseen(args));
        command
            .args(["--env", name])
            .env("KUBECONFIG", &self.kubeconfig);
        Run::checked(&mut command, status)
    }

    /// Whether the jobs of an environment rest; and its first one, if it has one.
    fn jobs(&self, name: &str) -> (bool, String) {
        let get = |what: &str, path: &str| {
            let path = format!("--output=jsonpath={{{path}}}");
            let namespace = format!("--namespace=kindred-{name}");
            kubectl(&self.kubeconfig, &["get", what, &namespace, &path])
        };
        let suspended = get("cronjobs", ".items[*].spec.suspend");
        assert!(
            ["true true", "false false"].contains(&suspended.as_str()),
            "{suspended}"
        );
        (
            suspended == "true true",
            get("jobs", ".items[*].metadata.name"),
        )
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.site
            .delete_namespace(&format!("kindred-{}", self.west()));
    }
}

fn kubectl(kubeconfig: &Path, args: &[&str]) -> String {
    let mut command = Command::new("kubectl");
    Run::checked(command.args(args).env("KUBECONFIG", kubeconfig), 0).stdout
}

#[test]
fn what_stands_by_takes_the_place_of_the_other_one() {
    let (Some(_), Some(pair)) = (Site::bed(), Pair::new("pair")) else {
        return;
    };
    let (east, west) = (pair.site.name.as_str(), pair.west());
    // On a bed, no Job ever ends.
    pair.check(east, &["apply", "--yes", "--wait=false"], 0);
    let run = pair.check(&west, &["promote", "--yes"], 3);
    assert!(
        run.stderr
            .contains("nothing was applied to the environment"),
        "{}",
        run.stderr
    );
    pair.check(&west, &["apply", "--yes"], 0);
    let (rests, first_job) = pair.jobs(east);
    assert!(
        !rests && first_job.starts_with("kindred-build-"),
        "{first_job}"
    );
    assert_eq!(pair.jobs(&west), (true, String::new()));

    let run = pair.check(&west, &["promote"], 8);
    assert!(run.stderr.contains("give `--yes`"), "{}", run.stderr);
    pair.check(&west, &["promote", "--yes"], 0);
    assert!(pair.jobs(east).0 && !pair.jobs(&west).0);
    let text = std::fs::read_to_string(pair.site.place.path("kindred.toml")).unwrap();
    assert!(text.contains(&format!("active = \"{west}\"\n")), "{text}");
    for name in [east, &west] {
        pair.check(name, &["plan", "--detailed-exitcode"], 0);
    }
    pair.check(&west, &["promote", "--yes"], 0);

    // What nobody saw run takes nobody's place.
    let run = pair.check(east, &["promote", "--yes"], 4);
    assert!(run.stderr.contains("was not seen to run"), "{}", run.stderr);
}

#[test]
fn what_is_promoted_runs_what_the_other_one_runs() {
    let (Some(_), Some(pair)) = (Site::bed(), Pair::new("same")) else {
        return;
    };
    let (east, west) = (pair.site.name.as_str(), pair.west());
    pair.check(east, &["apply", "--yes", "--wait=false"], 0);
    let tag = ["plan", "--image", "ghcr.io/example/kindred:2"];
    let run = pair.check(&west, &tag, 3);
    assert!(
        run.stderr.contains(&format!(
            "`{west}` stands by for `{east}`, and its `application.image`"
        )),
        "{}",
        run.stderr
    );
    let other = format!("ghcr.io/example/kindred@{OTHER_DIGEST}");
    pair.check(&west, &["apply", "--yes", "--image", &other], 0);
    let run = pair.check(&west, &["promote", "--yes"], 4);
    assert!(
        run.stderr
            .contains(&format!("{west} runs {other}, and {east}")),
        "{}",
        run.stderr
    );
    assert!(!pair.jobs(east).0 && pair.jobs(&west).0);
    pair.check(&west, &["promote", "--yes", "--though-different"], 0);
    assert!(pair.jobs(east).0 && !pair.jobs(&west).0);
}

#[test]
fn what_stands_by_is_promoted_while_the_other_one_is_away() {
    let (Some(_), Some(pair)) = (Site::bed(), Pair::new("away")) else {
        return;
    };
    let west = pair.west();
    pair.check(&west, &["apply", "--yes"], 0);
    let server = "--server=https://127.0.0.1:1";
    kubectl(&pair.kubeconfig, &["config", "set-cluster", "gone", server]);
    let set = ["config", "set-context", "first", "--cluster=gone"];
    kubectl(&pair.kubeconfig, &set);
    let run = pair.check(&west, &["promote", "--yes"], 0);
    assert!(
        run.stderr
            .contains(&format!("{} is left as it is, since ", pair.site.name)),
        "{}",
        run.stderr
    );
    assert!(!pair.jobs(&west).0);
}
