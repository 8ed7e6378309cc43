//! Waiting, on a bed where pods seem to run.

use super::{HOST, Site};

const NEWER: [&str; 2] = ["--image", "ghcr.io/example/kindred:2"];

#[test]
fn a_release_is_ready_when_its_pods_are_and_can_be_gone_back_to() {
    let (Some(_), Some(site)) = (Site::bed(), Site::new("rollout", HOST)) else {
        return;
    };
    site.check(&["apply", "--yes"], 0);
    site.check(&[&["apply", "--yes"][..], &NEWER].concat(), 0);
    let history = |site: &Site| {
        let lines = site.check(&["history"], 0).stdout;
        let lines = lines.lines().map(|line| line.split_whitespace());
        lines
            .map(|mut words| {
                (
                    words.next().unwrap().to_owned(),
                    words.nth(1).unwrap().to_owned(),
                    words.next().unwrap().to_owned(),
                )
            })
            .collect::<Vec<_>>()
    };
    let release = |number: &str, outcome: &str, image: &str| {
        (
            number.to_owned(),
            outcome.to_owned(),
            format!("ghcr.io/example/kindred:{image}"),
        )
    };
    assert_eq!(
        history(&site),
        [release("2", "ready", "2"), release("1", "ready", "1")]
    );
    site.check(&["wait"], 0);
    site.check(&["rollback", "--yes"], 0);
    let args = &site.get("deployment/kindred")["spec"]["template"]["spec"]["containers"][0]["args"];
    assert!(
        args.to_string().contains("ghcr.io/example/kindred:1"),
        "{args}"
    );
    assert_eq!(history(&site)[0], release("3", "ready", "1"));
    assert_eq!(site.planned(&[]), <[String; 0]>::default());
    let run = site.check(&["rollback", "17", "--yes"], 3);
    assert!(
        run.stderr.contains("there is no release 17"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_version_that_cannot_run_fails_fast_with_its_reason() {
    let (Some(_), Some(site)) = (Site::bed(), Site::new("failing", HOST)) else {
        return;
    };
    site.check(&["apply", "--yes"], 0);
    // No pod may ask for so much.
    let limit = r#"{"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"small"},"spec":{"limits":[{"type":"Container","max":{"memory":"600Mi"}}]}}"#;
    std::fs::write(site.place.path("limit.json"), limit).unwrap();
    let file = site.place.path("limit.json");
    site.kubectl_ok(&["create", "--filename", file.to_str().unwrap()]);
    site.configure(&HOST.replace("host_image", "memory_limit = \"2Gi\"\nhost_image"));
    let start = std::time::Instant::now();
    let run = site.check(&["apply", "--yes"], 6);
    assert!(start.elapsed().as_secs() < 60);
    assert!(
        run.stderr
            .contains("maximum memory usage per Container is 600Mi"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("the newest events:"), "{}", run.stderr);
    assert!(
        run.stderr
            .contains(&format!("infra rollback --env {}", site.name)),
        "{}",
        run.stderr
    );
    assert!(site.check(&["history"], 0).stdout.contains("   2  "));
    // What ran goes on running, and is gone back to.
    assert_eq!(
        site.get("deployment/kindred")["status"]["availableReplicas"],
        2
    );
    site.check(&["rollback", "1", "--yes"], 0);
}

#[test]
fn who_waits_too_long_is_told_how_far_it_is() {
    let settings = HOST.replace("form = \"host\"", "form = \"host\"\ncpu_request = \"1000\"");
    let (Some(_), Some(site)) = (Site::bed(), Site::new("timeout", &settings)) else {
        return;
    };
    let run = site.check(&["apply", "--yes", "--timeout", "3"], 6);
    assert!(
        run.stderr.contains(
            "not ready after 3 s: Deployment/kindred: 2 of 2 replicas updated, 0 available"
        ),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("Insufficient cpu"), "{}", run.stderr);
}
