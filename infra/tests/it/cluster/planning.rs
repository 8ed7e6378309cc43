//! What a plan shows, and that a kept one is done as it was looked at or not at all.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{HOST, Site};
use crate::program::Run;

const OTHER_IMAGE: [&str; 2] = ["--image", "ghcr.io/example/kindred:2"];

#[test]
fn a_plan_shows_as_much_as_is_asked_for() {
    let Some(site) = Site::new("shown", HOST) else {
        return;
    };
    site.apply(&[]);
    let plan = |more: &[&str]| {
        let args = [&["plan"], &OTHER_IMAGE[..], more].concat();
        site.check(&args, 0).stdout
    };
    assert!(plan(&[]).contains(" -> \"ghcr.io/example/kindred:2\""));
    let summary = plan(&["--diff=summary"]);
    assert!(
        summary.contains("configured Deployment/kindred\n"),
        "{summary}"
    );
    assert!(!summary.contains(" -> "), "{summary}");
    let only = plan(&[
        "--only",
        "service/kindred,Deployment/kindred",
        "--diff",
        "summary",
    ]);
    assert_eq!(
        only,
        "configured Deployment/kindred\nunchanged  Service/kindred\n1 configured, 1 unchanged\n"
    );
    let run = site.check(&["plan", "--only", "Deployment/other"], 3);
    assert!(
        run.stderr.contains("`Deployment/other` is not wanted"),
        "{}",
        run.stderr
    );
}

/// What needs no more than the right to read says the same, as long as nothing is refused.
#[test]
fn without_trying_it_the_same_is_planned() {
    let Some(site) = Site::new("client", HOST) else {
        return;
    };
    let plan = |way: &str, more: &[&str]| site.planned(&[&["--dry-run", way], more].concat());
    assert_eq!(plan("client", &[]), plan("server", &[]));
    site.apply(&[]);
    site.check(&["plan", "--dry-run=client", "--detailed-exitcode"], 0);
    assert_eq!(
        plan("client", &OTHER_IMAGE),
        ["configured Deployment/kindred"]
    );
    site.configure(&format!(
        "{HOST}[environments.NAME.address]\nkind = \"node-port\"\n"
    ));
    assert_eq!(plan("client", &[]), ["created Service/kindred-public"]);
    assert_eq!(plan("client", &[]), plan("server", &[]));
}

#[test]
fn a_kept_plan_is_done_as_it_is() {
    let Some(site) = Site::new("kept", HOST) else {
        return;
    };
    let path = site.place.path("plan.json");
    let path = path.to_str().unwrap();
    site.check(&["plan", "--out", path], 0);
    // Nobody is asked, since whoever gives a plan has looked at it.
    site.check(&["apply", path, "--wait=false"], 0);
    assert_eq!(site.planned(&[]), <[String; 0]>::default());
    let args = [&["plan", "--out", path], &OTHER_IMAGE[..]].concat();
    site.check(&args, 0);
    let run = site.check(&["apply", path, "--wait=false", "--output=json"], 0);
    let configured = Site::actions(&run)
        .into_iter()
        .filter(|action| action.starts_with("configured"));
    assert_eq!(
        configured.collect::<Vec<_>>(),
        ["configured Deployment/kindred"]
    );
    let [_, image] = OTHER_IMAGE;
    assert!(site.get("deployment/kindred").to_string().contains(image));
}

#[test]
fn a_kept_plan_is_refused_where_something_moved() {
    let Some(site) = Site::new("moved", HOST) else {
        return;
    };
    site.apply(&[]);
    let path = site.place.path("plan.json");
    let path = path.to_str().unwrap();
    let args = [&["plan", "--out", path], &OTHER_IMAGE[..]].concat();
    site.check(&args, 0);
    let refused = |expected: &str| {
        let run = site.check(&["apply", path, "--wait=false"], 8);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
        site.check(&["history"], 0).stdout
    };
    // The cluster moved.
    site.kubectl_ok(&["delete", "service", "kindred"]);
    let expected = "something else would be done to Service/kindred now";
    assert_eq!(refused(expected).lines().count(), 1);
    site.apply(&[]);
    // What is wanted moved.
    site.configure(&format!(
        "{HOST}[environments.NAME.address]\nkind = \"node-port\"\n"
    ));
    refused("something else would be done to Service/kindred-public now");
    site.configure(HOST);
    // It is another environment's.
    let text = std::fs::read_to_string(path).unwrap();
    let mut plan: Value = serde_json::from_str(&text).unwrap();
    plan["target"]["environment"] = "other".into();
    std::fs::write(path, plan.to_string()).unwrap();
    refused("the plan is for the environment other");
}

/// Though nothing in the plan tells which value it was.
#[test]
fn a_kept_plan_is_refused_where_a_secret_has_another_value() {
    let settings = format!(
        "{HOST}[environments.NAME.secrets]\ns3_secret_access_key = {{ environment = \"TEST_KEY\" }}\n"
    );
    let Some(site) = Site::new("moved-secret", &settings) else {
        return;
    };
    let path = site.place.path("plan.json");
    let path = path.to_str().unwrap();
    let infra = |args: &[&str], value: &str, status: i32| {
        Run::checked(site.command(args).env("TEST_KEY", value), status)
    };
    infra(&["apply", "--yes", "--wait=false"], "first", 0);
    let plan = infra(&["plan", "--out", path], "second", 0);
    for expected in [
        "Secret/kindred-variables\n             .data.s3_secret_access_key: \"***\" -> \"*** (changed)\"\n",
        "[kindred/revision]: \"***\" -> \"*** (changed)\"\n",
    ] {
        assert!(plan.stdout.contains(expected), "{}", plan.stdout);
    }
    let namespace = site.get(&format!("namespace/{}", site.namespace()));
    let uid = namespace["metadata"]["uid"].as_str().unwrap();
    assert!(!fs::read_to_string(path).unwrap().contains(uid));
    let run = infra(&["apply", path, "--wait=false"], "third", 8);
    let expected =
        "something else would be done to Deployment/kindred, Secret/kindred-variables now";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    infra(&["apply", path, "--wait=false"], "second", 0);
}

#[test]
fn what_others_changed_is_told_as_drift() {
    let Some(site) = Site::new("drift", HOST) else {
        return;
    };
    let run = site.check(&["drift"], 3);
    assert!(
        run.stderr
            .contains("nothing was applied to the environment"),
        "{}",
        run.stderr
    );
    site.apply(&[]);
    // What is only configured is no drift.
    site.configure(&HOST.replace("kindred:1", "kindred:3"));
    site.check(&["drift", "--detailed-exitcode"], 0);
    site.kubectl_ok(&["scale", "deployment/kindred", "--replicas", "5"]);
    site.kubectl_ok(&["delete", "service", "kindred"]);
    let run = site.check(&["drift", "--detailed-exitcode"], 2);
    for expected in [
        "configured Deployment/kindred\n             .spec.replicas: 5 -> 2\n",
        "created    Service/kindred\n",
    ] {
        assert!(run.stdout.contains(expected), "{}", run.stdout);
    }
}

#[test]
fn another_namespace_is_given_on_the_command_line() {
    let Some(site) = Site::new("elsewhere", HOST) else {
        return;
    };
    let namespace = format!("{}-there", site.namespace());
    let run = site.check(&["plan", "--namespace", &namespace], 0);
    assert!(
        run.stdout
            .contains(&format!("created    Namespace/{namespace}")),
        "{}",
        run.stdout
    );
    site.check(&["plan", "-n", "Elsewhere"], 3);
}

/// Whoever may edit what is in a namespace may not change the namespace, and need not.
#[test]
fn who_may_edit_the_namespace_changes_what_is_in_it() {
    let Some(site) = Site::new("editor", HOST) else {
        return;
    };
    site.apply(&[]);
    let kubeconfig = site.kubeconfig_of("edit");
    let infra = |args: &[&str], status: i32| {
        Run::checked(site.command(args).env("KUBECONFIG", &kubeconfig), status)
    };
    infra(&["plan", "--detailed-exitcode"], 0);
    let run = infra(&["doctor"], 0);
    assert!(
        run.stdout
            .contains("doubtful  rights: edit may not: namespaces ("),
        "{}",
        run.stdout
    );
    let run = infra(
        &[&["apply", "--yes", "--wait=false"][..], &OTHER_IMAGE].concat(),
        0,
    );
    assert!(
        run.stdout.contains("configured Deployment/kindred\n"),
        "{}",
        run.stdout
    );
    site.kubectl_ok(&[
        "label",
        "namespace",
        &site.namespace(),
        "--overwrite",
        "pod-security.kubernetes.io/enforce=baseline",
    ]);
    let run = infra(&[&["plan"][..], &OTHER_IMAGE].concat(), 4);
    assert!(
        run.stderr.contains("could not change Namespace/"),
        "{}",
        run.stderr
    );
    infra(&["destroy", "--yes"], 0);
    assert!(!site.is_there("deployment/kindred"));
    assert!(site.is_there(&format!("namespace/{}", site.namespace())));
    infra(&["destroy", "--yes"], 0);
}

/// Whoever may see all but Secrets sees how everything else is.
#[test]
fn who_may_view_the_namespace_sees_all_but_secrets() {
    let settings = format!(
        "{HOST}[environments.NAME.secrets]\ns3_secret_access_key = {{ environment = \"TEST_KEY\" }}\n"
    );
    let Some(site) = Site::new("viewer", &settings) else {
        return;
    };
    let infra = |args: &[&str], kubeconfig: &Path| {
        let mut command = site.command(args);
        command
            .env("TEST_KEY", "value")
            .env("KUBECONFIG", kubeconfig);
        Run::checked(&mut command, 0).stdout
    };
    infra(&["apply", "--yes", "--wait=false"], &site.kubeconfig);
    let kubeconfig = site.kubeconfig_of("view");
    let plan = infra(&["plan", "--dry-run=client"], &kubeconfig);
    assert!(
        plan.contains("skipped    Secret/kindred-variables (not compared: "),
        "{plan}"
    );
    assert!(plan.contains("unchanged  Deployment/kindred\n"), "{plan}");
    let status = infra(&["status"], &kubeconfig);
    assert!(
        status.contains("Secret/kindred-variables: may not be read\n"),
        "{status}"
    );
}
