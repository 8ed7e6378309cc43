//! Waiting, on a bed where pods seem to run.

use serde_json::{Value, json};

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
        let releases = site.check(&["history", "--output", "json"], 0).stdout;
        let releases = releases
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        releases
            .map(|release| {
                (
                    release["number"].clone(),
                    release["outcome"].clone(),
                    release["image"].clone(),
                )
            })
            .collect::<Vec<_>>()
    };
    let release = |number: u64, outcome: &str, image: &str| {
        (
            json!(number),
            json!(outcome),
            json!(format!("ghcr.io/example/kindred:{image}")),
        )
    };
    assert_eq!(
        history(&site),
        [release(2, "ready", "2"), release(1, "ready", "1")]
    );
    site.check(&["wait"], 0);
    // What is gone back to has none that is called so.
    let run = site.check(&["rollback", "--yes", "--replace", "Deployment/nope"], 3);
    assert!(
        run.stderr.contains("`Deployment/nope` is not wanted"),
        "{}",
        run.stderr
    );
    site.check(&["rollback", "--yes"], 0);
    let args = &site.get("deployment/kindred")["spec"]["template"]["spec"]["containers"][0]["args"];
    assert!(
        args.to_string().contains("ghcr.io/example/kindred:1"),
        "{args}"
    );
    assert_eq!(history(&site)[0], release(3, "ready", "1"));
    assert_eq!(site.planned(&[]), <[String; 0]>::default());
    // What was fled from is not gone back to.
    let run = site.check(&["rollback", "--yes"], 3);
    assert!(run.stderr.contains("before the newest"), "{}", run.stderr);
    let told = site.check(&["history"], 0).stdout;
    assert!(
        told.lines().next().unwrap().ends_with("(release 1 again)"),
        "{told}"
    );
    let run = site.check(&["rollback", "17", "--yes"], 3);
    assert!(
        run.stderr.contains("there is no release 17"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_failed_before_it_was_a_release_is_not_gone_back_from() {
    let (Some(_), Some(site)) = (Site::bed(), Site::new("hung", HOST)) else {
        return;
    };
    site.check(&["apply", "--yes"], 0);
    let other = ["--image", "ghcr.io/example/kindred:2"];
    site.check(&[&["apply", "--yes"][..], &other].concat(), 0);
    site.hold_service(true);
    site.kubectl_ok(&["delete", "service/kindred", "--wait=false"]);
    let apply = ["apply", "--yes", "--rollback-on-failure", "--timeout", "2"];
    let run = site.check(&[&apply[..], &other].concat(), 6);
    let expected = "it was not gone back: release 2 is the newest, and did not fail";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    let images = site.get("deployment/kindred")["spec"]["template"].to_string();
    assert!(images.contains("kindred:2"), "{images}");
    site.hold_service(false);
}

/// A Deployment that says nothing of its replicas begins with one.
#[test]
fn replicas_of_the_autoscaler_are_waited_for() {
    let automatic = HOST.replace("maximum_replicas = 2", "maximum_replicas = 5");
    let (Some(_), Some(site)) = (Site::bed(), Site::new("automatic", &automatic)) else {
        return;
    };
    site.check(&["apply", "--yes", "--timeout", "120"], 0);
    assert_eq!(
        site.get("deployment/kindred")["status"]["availableReplicas"],
        2
    );
}

#[test]
fn what_runs_goes_when_what_takes_its_place_does() {
    let with_address = format!("{HOST}[environments.NAME.address]\nkind = \"node-port\"\n");
    let (Some(_), Some(site)) = (Site::bed(), Site::new("after", &with_address)) else {
        return;
    };
    site.check(&["apply", "--yes"], 0);
    site.kubectl_ok(&["create", "quota", "small", "--hard=limits.memory=2Gi"]);
    site.configure(&HOST.replace("host_image", "memory_limit = \"4Gi\"\nhost_image"));
    site.check(&["apply", "--yes", "--prune"], 6);
    assert!(site.is_there("service/kindred-public"));
    site.configure(HOST);
    let run = site.check(&["apply", "--yes", "--prune"], 0);
    let ready = run.stdout.find("Deployment/kindred is ready").unwrap();
    let deleted = run
        .stdout
        .find("deleted    Service/kindred-public")
        .unwrap();
    assert!(ready < deleted, "{}", run.stdout);
    assert!(!site.is_there("service/kindred-public"));
    assert_eq!(site.planned(&["--prune"]), <[String; 0]>::default());
}

#[test]
fn a_version_that_cannot_run_is_gone_back_from_where_that_is_wanted() {
    let (Some(_), Some(site)) = (Site::bed(), Site::new("back", HOST)) else {
        return;
    };
    site.check(&["apply", "--yes"], 0);
    site.kubectl_ok(&["create", "quota", "small", "--hard=limits.memory=2Gi"]);
    site.configure(&HOST.replace("host_image", "memory_limit = \"4Gi\"\nhost_image"));
    let run = site.check(&["apply", "--yes", "--rollback-on-failure"], 6);
    for expected in ["exceeded quota", "\nwhat ran before runs again\n"] {
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    }
    let history = site.check(&["history"], 0).stdout;
    let outcomes = history
        .lines()
        .map(|line| line.split_whitespace().nth(3).unwrap());
    assert_eq!(outcomes.collect::<Vec<_>>(), ["ready", "failed", "ready"]);
    site.configure(HOST);
    assert_eq!(site.planned(&[]), <[String; 0]>::default());
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
    assert!(site.check(&["history"], 0).stdout.contains("release 2 "));
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
    let run = site.check(&["apply", "--yes", "--timeout", "3", "--output=json"], 6);
    assert!(
        run.stderr.contains(
            "not ready after 3 s: Deployment/kindred: 2 of 2 replicas updated, 0 available"
        ),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("Insufficient cpu"), "{}", run.stderr);
    let last = run.stdout.lines().last().unwrap();
    let error: Value = serde_json::from_str(last).unwrap();
    assert_eq!(error["code"], "rollout", "{error}");
    assert_eq!(error["object"], "Deployment/kindred", "{error}");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.starts_with("look further with `kubectl "), "{error}");
    assert!(
        !error["message"].as_str().unwrap().contains(hint),
        "{error}"
    );
}

#[test]
fn what_was_applied_says_how_it_is_and_where() {
    let settings = format!("{HOST}[environments.NAME.address]\nkind = \"node-port\"\n");
    let (Some(_), Some(site)) = (Site::bed(), Site::new("state", &settings)) else {
        return;
    };
    let run = site.check(&["status"], 0);
    assert!(
        run.stderr.contains("nothing was applied yet"),
        "{}",
        run.stderr
    );
    site.check(&["apply", "--yes"], 0);
    let run = site.check(&["status"], 0);
    for line in ["Deployment/kindred: ready", "ServiceAccount/kindred: there"] {
        assert!(
            run.stdout.lines().any(|told| told == line),
            "{}",
            run.stdout
        );
    }
    site.kubectl_ok(&["delete", "networkpolicy", "kindred"]);
    let run = site.check(&["status"], 0);
    assert!(
        run.stdout.contains("NetworkPolicy/kindred: missing\n"),
        "{}",
        run.stdout
    );

    let outputs = site.check(&["outputs", "--output", "json"], 0).stdout;
    let outputs: Value = serde_json::from_str(&outputs).unwrap();
    let node_port = &site.get("service/kindred-public")["spec"]["ports"][0]["nodePort"];
    let address = outputs["addresses"][0].as_str().unwrap();
    assert!(address.ends_with(&format!(":{node_port}")), "{outputs}");
    assert_eq!(outputs["schema_version"], 1);
    assert_eq!(outputs["release"], 1);
    assert_eq!(outputs["image"], "ghcr.io/example/kindred:1");
}

#[test]
fn an_object_is_explained_by_owners_differences_and_events() {
    let (Some(_), Some(site)) = (Site::bed(), Site::new("explain", HOST)) else {
        return;
    };
    let run = site.check(&["explain", "Deployment/kindred"], 0);
    assert!(
        run.stdout.contains("is not there: `infra apply` makes it"),
        "{}",
        run.stdout
    );
    site.check(&["apply", "--yes"], 0);
    site.kubectl_ok(&[
        "label",
        "deployment",
        "kindred",
        "seen=yes",
        "--field-manager",
        "somebody",
    ]);
    site.configure(&HOST.replace("kindred:1", "kindred:2"));
    let run = site.check(&["explain", "deployment/kindred"], 0);
    for part in [
        "kindred-infra owns ",
        "somebody owns 1 fields, by Update at ",
        "configured Deployment/kindred",
        "\"ghcr.io/example/kindred:1\" -> \"ghcr.io/example/kindred:2\"",
        "ScalingReplicaSet: Scaled up replica set",
    ] {
        assert!(run.stdout.contains(part), "{part}\n{}", run.stdout);
    }
    let image = ["--image", "ghcr.io/example/kindred:1"];
    let run = site.check(
        &[&["explain", "deployment/kindred"][..], &image].concat(),
        0,
    );
    assert!(
        run.stdout.contains("unchanged  Deployment/kindred"),
        "{}",
        run.stdout
    );
    let run = site.check(&["explain", "Pod/kindred"], 3);
    assert!(
        run.stderr.contains("`Pod/kindred` is not wanted"),
        "{}",
        run.stderr
    );
}
