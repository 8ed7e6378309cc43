//! What a cluster lacks is said before anything is applied, and what to run.

use serde_json::{Value, json};

use super::Site;
use super::proxy::{Proxy, Request};
use crate::answering::answering;
use crate::moto::Moto;
use crate::program::Run;
use crate::push;
use crate::registry::RegistryProcess;

/// What needs nothing but nodes. Nobody has the registry (<https://www.rfc-editor.org/rfc/rfc2606#section-2>).
const MODEST: &str = r#"
[environments.NAME.application]
form = "host"
image = "registry.invalid/kindred:1"
host_image = "registry.invalid/host:1"
[environments.NAME.scaling]
maximum_replicas = 2
"#;

/// What is asked of a bucket.
const POINTER: &str = "/kindred/books/current.json?x-id=GetObject";

/// What a check came to, as `verdict: found`.
#[track_caller]
fn verdict(run: &Run, name: &str) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut events = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let event = events.find(|event| event["type"] == "check" && event["name"] == name);
    let event = event.unwrap_or_else(|| panic!("there is no check {name}: {}", run.stdout));
    assert_eq!(event["verdict"] == "ok", event["hint"].is_null(), "{event}");
    format!("{}: {}", text(&event["verdict"]), text(&event["found"]))
}

/// Looks, which has to end with this status.
#[track_caller]
fn look(site: &Site, status: i32) -> Run {
    let run = site.check(&["doctor", "--output", "json"], status);
    let events = run.stdout.lines().map(serde_json::from_str);
    let events: Vec<Value> = events.collect::<Result<_, _>>().unwrap();
    let count = |verdict: &str| {
        let checks = events.iter().filter(|event| event["verdict"] == verdict);
        checks.count()
    };
    let summary = json!({
        "type": "summary",
        "ok": count("ok"), "missing": count("missing"), "doubtful": count("doubtful"),
    });
    assert!(events.contains(&summary), "{summary}: {}", run.stdout);
    let last = events.last().unwrap();
    assert_eq!(last["type"] == "error", status == 4, "{last}");
    assert_eq!(last["hint"].is_null(), status != 4, "{last}");
    run
}

#[test]
fn doubts_end_well_and_nothing_is_written() {
    let Some(site) = Site::new("doctor", MODEST) else {
        return;
    };
    let proxy = Proxy::before(&site);
    let run = proxy.run(&site, &["doctor"]);
    assert_eq!(run.status, Some(0), "{}\n{}", run.stdout, run.stderr);
    for expected in [
        "ok        cluster: Kubernetes v1.",
        "ok        kinds: all 6 that are wanted are served\n",
        "ok        rights: everything that applying does is allowed\n",
        "ok        nodes: ",
        "doubtful  image registry.invalid/host:1: its registry does not answer here: ",
    ] {
        assert!(run.stdout.contains(expected), "{expected}: {}", run.stdout);
    }
    assert!(
        run.stdout.ends_with(" ok, 0 missing, 2 doubtful\n"),
        "{}",
        run.stdout
    );
    let writes = proxy.requests(Request::is_write);
    assert!(
        writes
            .iter()
            .all(|request| request.path.contains("/selfsubjectaccessreviews")),
        "{writes:?}"
    );
}

#[test]
fn a_secret_that_others_bring_is_looked_for_key_by_key() {
    let settings = format!(
        "{MODEST}[environments.NAME.secrets]\ns3_session_token = {{ secret = {{ name = \"s3\", key = \"token\" }} }}\n\
         s3_secret_access_key = {{ environment = \"TEST_KEY_OF_NOBODY\" }}\n"
    );
    let Some(site) = Site::new("doctor-secret", &settings) else {
        return;
    };
    let run = look(&site, 4);
    assert_eq!(verdict(&run, "Secret s3"), "missing: it is not there");
    assert!(
        run.stdout
            .contains("its namespace comes by `infra apply --wait=false`, then"),
        "{}",
        run.stdout
    );
    let value = verdict(&run, "value of s3_secret_access_key");
    assert!(value.starts_with("missing: "), "{value}");

    site.kubectl_ok(&["create", "namespace", &site.namespace()]);
    let make = ["create", "secret", "generic", "s3"];
    site.kubectl_ok(&[&make[..], &["--from-literal=other=1"]].concat());
    let run = look(&site, 4);
    let found = verdict(&run, "Secret s3");
    assert_eq!(found, "missing: it has no token; it has other");

    site.kubectl_ok(&["delete", "secret", "s3"]);
    site.kubectl_ok(&[&make[..], &["--from-literal=token=hidden-value"]].concat());
    let mut command = site.command(&["doctor", "--output", "json"]);
    let run = Run::of(command.env("TEST_KEY_OF_NOBODY", "another-value"));
    assert_eq!(run.status, Some(0), "{}\n{}", run.stdout, run.stderr);
    let found = verdict(&run, "Secret s3");
    assert_eq!(found, "ok: it is there, with all keys that are read");
    assert!(verdict(&run, "value of s3_secret_access_key").starts_with("ok: "));
    assert!(!run.stdout.contains("-value"), "{}", run.stdout);
}

#[test]
fn a_runtime_class_has_to_be_there_and_to_have_nodes() {
    let settings = "[environments.NAME]\n[environments.NAME.application]\nform = \"deployment\"\n\
        image = \"registry.invalid/kindred:1\"\nruntime_class = \"NAME\"\n\
        [environments.NAME.scaling]\nmaximum_replicas = 2\n";
    let Some(site) = Site::new("doctor-class", settings) else {
        return;
    };
    let name = &site.name;
    let class = format!("RuntimeClass {name}");
    assert_eq!(verdict(&look(&site, 4), &class), "missing: it is not there");

    let object = format!(
        r#"{{"apiVersion":"node.k8s.io/v1","kind":"RuntimeClass","metadata":{{"name":"{name}"}},"handler":"spin",
            "scheduling":{{"nodeSelector":{{"example.org/shim":"{name}"}}}}}}"#
    );
    let file = site.place.path("class.json");
    std::fs::write(&file, object).unwrap();
    site.kubectl_ok(&["create", "--filename", file.to_str().unwrap()]);
    let without_nodes = site.run(&["doctor", "--output", "json"]);
    let selector = r#"[{"op":"replace","path":"/scheduling/nodeSelector","value":{"kubernetes.io/os":"linux"}}]"#;
    let patch = ["patch", "runtimeclass", name, "--type", "json", "--patch"];
    site.kubectl_ok(&[&patch[..], &[selector]].concat());
    let with_nodes = site.run(&["doctor", "--output", "json"]);
    // It is nobody's namespace, and does not go with it.
    site.kubectl_ok(&["delete", "runtimeclass", name]);

    let nodes = format!("nodes of {class}");
    assert_eq!(without_nodes.status, Some(4), "{}", without_nodes.stderr);
    assert_eq!(
        verdict(&without_nodes, &nodes),
        format!("missing: 0 ready with example.org/shim={name}")
    );
    assert_eq!(with_nodes.status, Some(0), "{}", with_nodes.stderr);
    let found = verdict(&with_nodes, &class);
    assert_eq!(found, "ok: its handler is spin");
    assert!(verdict(&with_nodes, &nodes).starts_with("ok: "));
}

#[test]
fn who_has_no_rights_is_told_all_of_them() {
    let Some(site) = Site::new("doctor-rights", MODEST) else {
        return;
    };
    let view = [
        "config",
        "view",
        "--minify",
        "--flatten",
        "--raw",
        "--output=json",
    ];
    let mut kubeconfig: Value = serde_json::from_str(&site.kubectl_ok(&view)).unwrap();
    kubeconfig["users"][0]["user"]["as"] = "kindred-nobody".into();
    let path = site.place.path("nobody.kubeconfig");
    std::fs::write(&path, kubeconfig.to_string()).unwrap();

    let mut command = site.command(&["doctor", "--output", "json"]);
    let run = Run::of(command.env("KUBECONFIG", &path));
    assert_eq!(run.status, Some(4), "{}\n{}", run.stdout, run.stderr);
    let rights = verdict(&run, "rights");
    assert!(rights.starts_with("missing: "), "{rights}");
    for expected in [
        "deployments.apps (get, patch, create, delete)",
        "leases.coordination.k8s.io (get, create, update)",
        "configmaps (get, list, patch, create, delete)",
        "namespaces (get, patch, create, delete)",
    ] {
        assert!(rights.contains(expected), "{expected}: {rights}");
    }
    let nodes = verdict(&run, "nodes");
    assert!(
        nodes.starts_with("doubtful: it cannot be read: "),
        "{nodes}"
    );
}

#[test]
fn kinds_that_are_not_served_are_told_with_who_brings_them() {
    let settings = format!("{MODEST}[environments.NAME.observability]\nprometheus = true\n");
    let Some(site) = Site::new("doctor-kinds", &settings) else {
        return;
    };
    if site.is_there("podmonitors.monitoring.coreos.com") {
        return;
    }
    let run = look(&site, 4);
    assert_eq!(
        verdict(&run, "kinds of monitoring.coreos.com/v1"),
        "missing: the cluster does not serve PodMonitor, PrometheusRule"
    );
    assert!(
        run.stdout
            .contains("the Prometheus operator brings them: `helm install ")
    );
}

#[test]
fn an_image_that_its_registry_does_not_have_is_missing() {
    let Some(registry) = RegistryProcess::start() else {
        return;
    };
    let [pushed, absent] = ["kindred:1", "host:1"].map(|name| registry.image(name));
    let settings = MODEST
        .replace("registry.invalid/kindred:1", &pushed)
        .replace("registry.invalid/host:1", &absent);
    let Some(site) = Site::new("doctor-image", &settings) else {
        return;
    };
    let push = push::place("").run(&["push", "--tag", &pushed]);
    assert_eq!(push.status, Some(0), "{}", push.stderr);
    let (_, digest) = push.stdout.trim().split_once('@').unwrap();
    let run = look(&site, 4);
    let found = verdict(&run, &format!("image {pushed}"));
    assert_eq!(found, format!("ok: {digest}"));
    let found = verdict(&run, &format!("image {absent}"));
    assert!(found.starts_with("missing: "), "{found}");
}

#[test]
fn the_bucket_is_asked_with_the_keys_of_the_functions() {
    let settings = |endpoint: &str| {
        format!(
            "{MODEST}[environments.NAME.storage]\nendpoint = \"{endpoint}\"\nbucket = \"kindred\"\n\
             [environments.NAME.variables]\ns3_access_key_id = \"id\"\n\
             [environments.NAME.secrets]\ns3_secret_access_key = {{ environment = \"TEST_KEY\" }}\n"
        )
    };
    let Some(site) = Site::new("doctor-bucket", &settings("http://127.0.0.1:1")) else {
        return;
    };
    let found = |endpoint: &str| {
        site.configure(&settings(endpoint));
        let mut command = site.command(&["doctor", "--output", "json"]);
        let run = Run::of(command.env("TEST_KEY", "key"));
        assert!(!run.stdout.contains("\"key\""), "{}", run.stdout);
        verdict(&run, "bucket kindred")
    };
    assert!(found("http://127.0.0.1:1").starts_with("doubtful: it does not answer here: "));
    let published = answering(&[(POINTER, "200 OK", "{}")]);
    assert_eq!(found(&published), "ok: `books` is published in it");
    for (refusal, expected) in [
        (
            answering(&[(
                POINTER,
                "403 Forbidden",
                "<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>",
            )]),
            "missing: it refuses the keys: no (SignatureDoesNotMatch)",
        ),
        (
            answering(&[(
                POINTER,
                "403 Forbidden",
                "<Error><Code>AccessDenied</Code><Message>no</Message></Error>",
            )]),
            "doubtful: it lets nobody with these keys read `books/current.json`: no",
        ),
    ] {
        assert_eq!(found(&refusal), expected);
    }
    let Some(moto) = Moto::start() else {
        return;
    };
    assert_eq!(found(&moto.endpoint()), "missing: it is not there");
    moto.ask("PUT", "/kindred");
    assert_eq!(
        found(&moto.endpoint()),
        "ok: it takes the keys, and `books` is not published yet"
    );
}
