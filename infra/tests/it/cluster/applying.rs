//! What is wanted comes to be, once.

use serde_json::json;

use super::{HOST, Site};
use crate::cluster::proxy::{Proxy, Request};

const OTHER_IMAGE: [&str; 2] = ["--image", "ghcr.io/example/kindred:2"];

#[test]
fn everything_is_made_and_then_nothing_is_to_be_done() {
    let Some(site) = Site::new("make", HOST) else {
        return;
    };
    site.apply(&[]);
    let deployment = site.get("deployment/kindred");
    assert_eq!(deployment["spec"]["replicas"], 2);
    let managers = deployment["metadata"]["managedFields"].as_array().unwrap();
    assert!(
        managers
            .iter()
            .any(|entry| entry["manager"] == "kindred-infra" && entry["operation"] == "Apply")
    );
    assert_eq!(site.planned(&[]), <[String; 0]>::default());
    site.check(&["plan", "--detailed-exitcode"], 0);
}

#[test]
fn applying_again_writes_nothing_but_the_lock() {
    let Some(site) = Site::new("again", HOST) else {
        return;
    };
    site.apply(&[]);
    let proxy = Proxy::before(&site);
    let run = proxy.run(&site, &["apply", "--yes", "--wait=false"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let writes = proxy.requests(Request::is_write);
    assert!(!writes.is_empty());
    assert!(
        writes
            .iter()
            .all(|request| request.path.contains("/leases/")),
        "{writes:?}"
    );
    assert_eq!(site.check(&["history"], 0).stdout.lines().count(), 1);
}

#[test]
fn an_object_costs_two_requests() {
    let Some(site) = Site::new("requests", HOST) else {
        return;
    };
    site.apply(&[]);
    let proxy = Proxy::before(&site);
    let run = proxy.run(&site, &["plan", "--output", "json"]);
    let object_count = Site::actions(&run).len();
    let requests = proxy.requests(|_| true);
    // What the cluster serves in two answers, the namespace, and the inventory.
    assert_eq!(requests.len(), 2 * object_count + 4, "{requests:?}");
    assert_eq!(proxy.requests(Request::is_write).len(), 0);
}

#[test]
fn a_change_is_planned_with_what_differs_and_done_alone() {
    let Some(site) = Site::new("change", HOST) else {
        return;
    };
    site.apply(&[]);
    assert_eq!(
        site.planned(&OTHER_IMAGE),
        ["configured Deployment/kindred"]
    );
    let plan = site.check(
        &[&["plan", "--detailed-exitcode"][..], &OTHER_IMAGE].concat(),
        2,
    );
    assert!(
        plan.stdout.contains(
            ".spec.template.spec.containers[functions].args[2]: \"ghcr.io/example/kindred:1\" -> \"ghcr.io/example/kindred:2\"\n"
        ),
        "{}",
        plan.stdout
    );
    let run = site.apply(&[&["--output", "json"][..], &OTHER_IMAGE].concat());
    let changed = Site::actions(&run);
    let changed = changed
        .iter()
        .filter(|action| !action.starts_with("unchanged"));
    assert_eq!(
        changed.collect::<Vec<_>>(),
        ["configured Deployment/kindred"]
    );
    assert_eq!(site.planned(&OTHER_IMAGE), <[String; 0]>::default());
}

#[test]
fn replicas_belong_to_the_autoscaler_where_there_is_one() {
    let automatic = HOST.replace("maximum_replicas = 2", "maximum_replicas = 5");
    let Some(site) = Site::new("replicas", &automatic) else {
        return;
    };
    site.apply(&[]);
    site.kubectl_ok(&["scale", "deployment/kindred", "--replicas", "4"]);
    assert_eq!(site.planned(&[]), <[String; 0]>::default());
    site.apply(&OTHER_IMAGE);
    assert_eq!(site.get("deployment/kindred")["spec"]["replicas"], 4);
}

#[test]
fn an_application_of_the_operator_becomes_a_deployment() {
    let settings = "[environments.NAME.application]\nimage = \"ghcr.io/example/kindred:1\"\n";
    let Some(site) = Site::new("spin-app", settings) else {
        return;
    };
    site.apply(&[]);
    let app = site.get("spinapp/kindred-app");
    assert_eq!(app["spec"]["image"], "ghcr.io/example/kindred:1");
    site.kubectl_ok(&[
        "wait",
        "--for=create",
        "deployment/kindred-app",
        "--timeout=30s",
    ]);
    let revision = &app["spec"]["podAnnotations"]["kindred/revision"];
    let pods = &site.get("deployment/kindred-app")["spec"]["template"]["metadata"]["annotations"];
    assert_eq!(&pods["kindred/revision"], revision);
    assert_eq!(site.planned(&[]), <[String; 0]>::default());
}

#[test]
fn one_form_takes_the_place_of_another_behind_the_same_service() {
    let spin_app = HOST.replace("form = \"host\"", "form = \"spin-app\"");
    assert_ne!(spin_app, HOST);
    let Some(site) = Site::new("forms", &spin_app) else {
        return;
    };
    let slices = || {
        let of_service = "kubernetes.io/service-name=kindred";
        let args = [
            "get",
            "endpointslices",
            "--selector",
            of_service,
            "--output",
            "yaml",
        ];
        site.kubectl_ok(&args)
    };
    site.check(&["apply", "--yes"], 0);
    let uid = site.get("service/kindred")["metadata"]["uid"].clone();
    for (settings, taken, port) in [
        (HOST, "spinapp/kindred-app", "port: 8080"),
        (&spin_app, "deployment/kindred", "port: 80\n"),
    ] {
        site.configure(settings);
        let run = site.check(&["apply", "--yes", "--prune"], 0);
        let [ready, deleted] = [" is ready", "deleted    "].map(|text| run.stdout.find(text));
        assert!(ready.is_some() && ready < deleted, "{}", run.stdout);
        assert!(!site.is_there(taken), "{taken}");
        assert_eq!(site.get("service/kindred")["metadata"]["uid"], uid);
        assert!(slices().contains(port), "{}", slices());
        assert_eq!(site.planned(&["--prune"]), <[String; 0]>::default());
    }
}

#[test]
fn secrets_are_hidden_and_new_values_reach_the_pods() {
    let settings = format!(
        "{HOST}[environments.NAME.secrets]\ns3_secret_access_key = {{ environment = \"TEST_KEY\" }}\n"
    );
    let Some(site) = Site::new("secrets", &settings) else {
        return;
    };
    let run = |args: &[&str], value: &str| {
        let output = site.command(args).env("TEST_KEY", value).output().unwrap();
        crate::program::Run::ended(output)
    };
    let missing = site.check(&["plan"], 3);
    assert!(
        missing
            .stderr
            .contains("`s3_secret_access_key` comes from TEST_KEY"),
        "{}",
        missing.stderr
    );
    let first = run(&["apply", "--yes", "--wait=false"], "first-value");
    assert_eq!(first.status, Some(0), "{}", first.stderr);
    let revision = |site: &Site| {
        site.get("deployment/kindred")["spec"]["template"]["metadata"]["annotations"]["kindred/revision"].clone()
    };
    let before = revision(&site);
    let plan = run(&["plan", "--output", "json"], "second-value");
    let said = format!("{}{}", plan.stdout, plan.stderr);
    assert!(said.contains("\"***"), "{said}");
    for secret in [
        "first-value",
        "second-value",
        "Zmlyc3QtdmFsdWU=",
        "c2Vjb25kLXZhbHVl",
    ] {
        assert!(!said.contains(secret), "{said}");
    }
    run(&["apply", "--yes", "--wait=false"], "second-value");
    assert_ne!(revision(&site), before);
    let secret = &site.get("secret/kindred-variables")["data"];
    assert_eq!(
        secret,
        &json!({ "s3_secret_access_key": "c2Vjb25kLXZhbHVl" })
    );
    let records = site.kubectl_ok(&["get", "configmaps", "--output", "yaml"]);
    assert!(!records.contains("Zmlyc3QtdmFsdWU=") && !records.contains("c2Vjb25kLXZhbHVl"));
}

#[test]
fn a_release_that_was_not_written_down_is_when_it_is_applied_again() {
    let Some(site) = Site::new("record", HOST) else {
        return;
    };
    site.apply(&[]);
    site.apply(&OTHER_IMAGE);
    // As if somebody had been stopped behind the last object.
    let record = format!("kindred-release-{}-2", site.name);
    site.kubectl_ok(&["delete", "configmap", &record]);
    let [_, image] = OTHER_IMAGE;
    site.apply(&OTHER_IMAGE);
    let history = site.check(&["history"], 0).stdout;
    let newest = history.lines().next().unwrap();
    assert!(
        newest.starts_with("release 2 ") && newest.ends_with(image),
        "{history}"
    );
    site.apply(&OTHER_IMAGE);
    assert_eq!(site.check(&["history"], 0).stdout, history);
}

#[test]
fn what_is_gone_back_to_keeps_secrets_or_misses_them() {
    let settings = format!(
        "{HOST}[environments.NAME.secrets]\ns3_secret_access_key = {{ environment = \"TEST_KEY\" }}\n"
    );
    let Some(site) = Site::new("back-secret", &settings) else {
        return;
    };
    let run = |args: &[&str], status: i32| {
        let mut command = site.command(args);
        crate::program::Run::checked(command.env("TEST_KEY", "value"), status)
    };
    run(&["apply", "--yes", "--wait=false"], 0);
    run(
        &[&["apply", "--yes", "--wait=false"][..], &OTHER_IMAGE].concat(),
        0,
    );
    // On a cluster whose pods only seem to run, they run; elsewhere, that they do not is no matter here.
    let mut command = site.command(&["rollback", "1", "--yes", "--timeout", "5"]);
    let back = crate::program::Run::of(command.env("TEST_KEY", "value"));
    let inventory = format!("kindred-inventory-{}", site.name);
    let inventory = site.get(&format!("configmap/{inventory}")).to_string();
    assert!(
        inventory.contains("kindred-variables"),
        "{}{inventory}",
        back.stderr
    );
    // With the secret of before, what was gone back to are other pods.
    let revision = || {
        let template = &site.get("deployment/kindred")["spec"]["template"]["metadata"];
        template["annotations"]["kindred/revision"].clone()
    };
    let [gone_back, secret] = [
        revision(),
        site.get("secret/kindred-variables")["data"].clone(),
    ];
    let apply = ["apply", "--yes", "--wait=false"];
    let mut command = site.command(&apply);
    crate::program::Run::checked(command.env("TEST_KEY", "other"), 0);
    assert_ne!(site.get("secret/kindred-variables")["data"], secret);
    assert_ne!(revision(), gone_back);
    run(&apply, 0);
    assert_eq!(revision(), gone_back);
    site.kubectl_ok(&["delete", "secret", "kindred-variables"]);
    let run = run(&["rollback", "2", "--yes"], 4);
    assert!(
        run.stderr.contains(
            "release 2 reads `s3_secret_access_key` of Secret/kindred-variables, which is gone"
        ),
        "{}",
        run.stderr
    );
}

#[test]
fn nothing_is_done_that_nobody_said_yes_to() {
    let Some(site) = Site::new("unasked", HOST) else {
        return;
    };
    let run = site.check(&["apply"], 8);
    assert!(run.stderr.contains("give `--yes`"), "{}", run.stderr);
    assert!(run.stderr.contains("context "), "{}", run.stderr);
    assert!(!site.is_there(&format!("namespace/{}", site.namespace())));
    let run = site.check(&["plan", "--context", "elsewhere"], 3);
    assert!(
        run.stderr
            .contains("the kubeconfig has no context `elsewhere`: known are "),
        "{}",
        run.stderr
    );
}
