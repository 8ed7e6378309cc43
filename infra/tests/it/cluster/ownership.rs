//! What others own stays theirs, unless somebody says otherwise.

use serde_json::{Value, json};

use super::{HOST, Site};

#[test]
fn a_field_that_others_own_is_a_conflict_that_names_them() {
    let Some(site) = Site::new("conflict", HOST) else {
        return;
    };
    site.apply(&[]);
    let patch = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"kindred"},"spec":{"replicas":3}}"#;
    std::fs::write(site.place.path("patch.json"), patch).unwrap();
    let file = site.place.path("patch.json");
    let file = file.to_str().unwrap();
    let somebody = ["--field-manager", "somebody", "--force-conflicts"];
    let take = [
        &["apply", "--server-side", "--filename", file],
        &somebody[..],
    ]
    .concat();
    site.kubectl_ok(&take);
    let run = site.check(&["apply", "--yes", "--wait=false"], 5);
    assert!(
        run.stderr.contains(".spec.replicas is owned by somebody"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("`--force-conflicts=Deployment/kindred`"),
        "{}",
        run.stderr
    );
    assert_eq!(site.get("deployment/kindred")["spec"]["replicas"], 3);
    site.check(&["plan", "--force-conflicts=Service/kindred"], 5);
    assert_eq!(
        site.planned(&["--force-conflicts=Deployment/kindred"]),
        ["configured Deployment/kindred"]
    );
    for way in [&["apply", "--wait=false"][..], &["rollback", "1"]] {
        site.kubectl_ok(&take);
        let way = [way, &["--yes"]].concat();
        site.check(&way, 5);
        site.check(&[&way[..], &["--force-conflicts"]].concat(), 0);
        assert_eq!(site.get("deployment/kindred")["spec"]["replicas"], 2);
        assert_eq!(site.planned(&[]), <[String; 0]>::default());
    }
}

#[test]
fn an_object_that_others_made_is_taken_over_only_by_its_name() {
    let Some(site) = Site::new("adopt", HOST) else {
        return;
    };
    site.kubectl_ok(&["create", "namespace", &site.namespace()]);
    site.kubectl_ok(&["create", "serviceaccount", "kindred"]);
    let namespace = format!("Namespace/{}", site.namespace());
    let run = site.check(&["apply", "--yes", "--wait=false"], 5);
    for object in [namespace.as_str(), "ServiceAccount/kindred"] {
        assert!(
            run.stderr
                .contains(&format!("take it over by `--adopt {object}`")),
            "{}",
            run.stderr
        );
    }
    let run = site.check(&["apply", "--yes", "--output=json"], 5);
    let errors = run
        .stdout
        .lines()
        .map(|line| -> Value { serde_json::from_str(line).unwrap() });
    let adopted = errors.map(|error| {
        assert_eq!(error["code"], "conflict", "{error}");
        let object = error["object"].as_str().unwrap().to_owned();
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.ends_with(&format!("`--adopt {object}`")), "{error}");
        object
    });
    assert_eq!(
        adopted.collect::<Vec<_>>(),
        [namespace.as_str(), "ServiceAccount/kindred"]
    );
    assert!(!site.is_there("deployment/kindred"));
    site.apply(&["--adopt", &format!("{namespace},ServiceAccount/kindred")]);
    assert_eq!(site.planned(&[]), <[String; 0]>::default());
}

#[test]
fn two_environments_do_not_share_a_namespace() {
    let Some(site) = Site::new("shared", HOST) else {
        return;
    };
    site.apply(&[]);
    let other = HOST.replace("NAME", "other");
    let other = format!(
        "{other}[environments.other]\nnamespace = \"{}\"\n",
        site.namespace()
    );
    site.configure(&other);
    let mut command = site.place.command(&["apply", "--yes", "--env", "other"]);
    let run = crate::program::Run::of(command.env("KUBECONFIG", &site.kubeconfig));
    assert_eq!(run.status, Some(5), "{}", run.stderr);
    let expected = format!(
        "belongs to the environment {}: give other a namespace of its own",
        site.name
    );
    assert!(run.stderr.contains(&expected), "{}", run.stderr);
}

#[test]
fn what_is_not_wanted_any_more_goes_when_it_is_said_and_if_it_is_ours() {
    let with_address = format!("{HOST}[environments.NAME.address]\nkind = \"node-port\"\n");
    let Some(site) = Site::new("prune", &with_address) else {
        return;
    };
    site.apply(&[]);
    site.configure(&HOST.replace(
        "maximum_replicas = 2",
        "minimum_replicas = 1\nmaximum_replicas = 1",
    ));
    let run = site.apply(&[]);
    assert!(
        run.stdout.contains(
            "skipped    Service/kindred-public (not wanted any more: `--prune` deletes it)"
        ),
        "{}",
        run.stdout
    );
    assert_eq!(
        site.planned(&["--prune"]),
        [
            "deleted PodDisruptionBudget/kindred",
            "deleted Service/kindred-public",
        ]
    );
    // Somebody else makes one of the same name in its place.
    site.kubectl_ok(&["delete", "service", "kindred-public"]);
    site.kubectl_ok(&[
        "create",
        "service",
        "clusterip",
        "kindred-public",
        "--tcp",
        "80",
    ]);
    let run = site.apply(&["--prune"]);
    assert!(
        run.stdout
            .contains("deleted    PodDisruptionBudget/kindred\n"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout
            .contains("forgotten  Service/kindred-public (it is not ours any more)"),
        "{}",
        run.stdout
    );
    assert!(site.is_there("service/kindred-public"));
    assert!(!site.is_there("poddisruptionbudget/kindred"));
    assert_eq!(site.planned(&["--prune"]), <[String; 0]>::default());
}

#[test]
fn an_annotation_keeps_what_is_not_wanted_any_more() {
    let with_address = format!("{HOST}[environments.NAME.address]\nkind = \"node-port\"\n");
    let Some(site) = Site::new("keep", &with_address) else {
        return;
    };
    site.apply(&[]);
    site.kubectl_ok(&[
        "annotate",
        "service",
        "kindred-public",
        "kindred/prune=false",
    ]);
    site.configure(HOST);
    let run = site.apply(&["--prune"]);
    assert!(
        run.stdout
            .contains("skipped    Service/kindred-public (its annotation"),
        "{}",
        run.stdout
    );
    assert!(site.is_there("service/kindred-public"));
}

#[test]
fn what_cannot_change_is_made_anew_only_by_its_name() {
    let Some(site) = Site::new("replace", HOST) else {
        return;
    };
    // A selector is one of the things that cannot change.
    site.kubectl_ok(&["create", "namespace", &site.namespace()]);
    site.kubectl_ok(&[
        "create",
        "deployment",
        "kindred",
        "--image",
        "example.org/other:1",
    ]);
    let namespace = format!("Namespace/{}", site.namespace());
    let adopt = [
        "--adopt",
        "Deployment/kindred",
        "--adopt",
        &namespace,
        "--force-conflicts",
    ];
    let run = site.check(
        &[&["apply", "--yes", "--wait=false"], &adopt[..]].concat(),
        8,
    );
    assert!(
        run.stderr
            .contains("`--replace Deployment/kindred` deletes it"),
        "{}",
        run.stderr
    );
    let run = site.apply(&[&adopt[..], &["--replace", "Deployment/kindred"]].concat());
    assert!(
        run.stdout.contains("replaced   Deployment/kindred"),
        "{}",
        run.stdout
    );
    assert_eq!(site.planned(&[]), <[String; 0]>::default());
}

#[test]
fn a_namespace_stays_for_what_others_have_in_it() {
    let Some(site) = Site::new("held", HOST) else {
        return;
    };
    site.apply(&[]);
    site.kubectl_ok(&["create", "configmap", "somebodys"]);
    let run = site.check(&["destroy", "--yes"], 0);
    assert!(
        run.stdout.contains(
            "skipped    ConfigMap/somebodys (it is not ours: the namespace stays for it)"
        ),
        "{}",
        run.stdout
    );
    let deleted = run
        .stdout
        .lines()
        .filter(|line| line.starts_with("deleted"));
    let summary = format!("{} deleted, 2 skipped\n", deleted.count());
    assert!(run.stdout.ends_with(&summary), "{summary}{}", run.stdout);
    assert!(!site.is_there("deployment/kindred"));
    assert!(site.is_there("configmap/somebodys"));
    site.kubectl_ok(&["delete", "configmap", "somebodys"]);
    site.apply(&["--adopt", &format!("Namespace/{}", site.namespace())]);
    let run = site.check(&["destroy", "--yes", "--output", "json"], 0);
    let deleted = Site::actions(&run).len();
    let last: Value = serde_json::from_str(run.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last, json!({ "type": "summary", "deleted": deleted }));
    assert!(!site.is_there(&format!("namespace/{}", site.namespace())));
    let run = site.check(&["destroy", "--yes"], 0);
    assert_eq!(run.stdout, "nothing to do\n");
}

#[test]
fn a_kind_that_is_not_served_is_planned_and_not_applied() {
    let settings = format!(
        "{HOST}[environments.NAME.address]\nkind = \"gateway\"\nhost = \"api.example.org\"\ngateway = \"gateways/public\"\n"
    );
    let Some(site) = Site::new("unserved", &settings) else {
        return;
    };
    let plan = site.check(&["plan"], 0);
    let expected = "created    HTTPRoute/kindred (not tried: the cluster does not serve HTTPRoute of gateway.networking.k8s.io/v1 yet)";
    assert!(plan.stdout.contains(expected), "{}", plan.stdout);
    let run = site.check(&["apply", "--yes", "--wait=false"], 4);
    assert!(
        run.stderr.contains("the cluster does not serve HTTPRoute"),
        "{}",
        run.stderr
    );
    assert!(!site.is_there(&format!("namespace/{}", site.namespace())));
}

#[test]
fn what_the_cluster_refuses_is_told_in_its_words() {
    let Some(site) = Site::new("refused", HOST) else {
        return;
    };
    site.apply(&[]);
    let quota = r#"{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"few"},"spec":{"hard":{"services":"1"}}}"#;
    std::fs::write(site.place.path("quota.json"), quota).unwrap();
    let file = site.place.path("quota.json");
    site.kubectl_ok(&["create", "--filename", file.to_str().unwrap()]);
    site.kubectl_ok(&[
        "wait",
        "--for=jsonpath={.status.used.services}=1",
        "resourcequota/few",
        "--timeout=30s",
    ]);
    site.configure(&format!(
        "{HOST}[environments.NAME.address]\nkind = \"node-port\"\n"
    ));
    let run = site.check(&["apply", "--yes", "--wait=false"], 3);
    assert!(
        run.stderr.contains(
            "the cluster refuses it: services \"kindred-public\" is forbidden: exceeded quota"
        ),
        "{}",
        run.stderr
    );
}
