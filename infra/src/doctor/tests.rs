//! Each judgement by what was read.

use serde_json::{Value, json};

use super::{Check, Live, Verdict, Wanted, checks, rights};
use crate::cluster::Place;
use crate::object_id::ObjectId;

/// Something of everything that is looked for.
fn objects() -> Vec<Value> {
    let variable =
        json!({ "name": "KEY", "valueFrom": { "secretKeyRef": { "name": "s3", "key": "token" } } });
    let database = json!({ "name": "DATABASE", "valueFrom": { "secretKeyRef": { "name": "kindred-database-app", "key": "uri" } } });
    let own = json!({ "name": "OWN", "valueFrom": { "secretKeyRef": { "name": "kindred-variables", "key": "a" } } });
    let made = json!({ "name": "MADE", "valueFrom": { "secretKeyRef": { "name": "external", "key": "b" } } });
    let object = |api: &str, kind: &str, spec: Value| json!({ "apiVersion": api, "kind": kind, "metadata": { "name": "kindred", "namespace": "films" }, "spec": spec });
    vec![
        object(
            "apps/v1",
            "Deployment",
            json!({ "template": { "spec": {
                "runtimeClassName": "spin",
                "imagePullSecrets": [{ "name": "registry" }],
                "volumes": [{ "name": "registry", "secret": { "secretName": "registry" } }],
                "containers": [{ "image": "a.example/kindred:1", "env": [variable, database, own, made] }],
            } } }),
        ),
        object(
            "core.spinkube.dev/v1alpha1",
            "SpinAppExecutor",
            json!({ "deploymentConfig": { "spinImage": "a.example/host:1" } }),
        ),
        object(
            "core.spinkube.dev/v1alpha1",
            "SpinApp",
            json!({ "image": "a.example/kindred:1" }),
        ),
        object("autoscaling/v2", "HorizontalPodAutoscaler", json!({})),
        object(
            "v1",
            "PersistentVolumeClaim",
            json!({ "storageClassName": "fast" }),
        ),
        object("v1", "PersistentVolumeClaim", json!({})),
        object(
            "postgresql.cnpg.io/v1",
            "Cluster",
            json!({ "imageName": "a.example/postgresql:18", "storage": { "storageClass": "fast" } }),
        ),
        object(
            "networking.k8s.io/v1",
            "Ingress",
            json!({ "ingressClassName": "nginx" }),
        ),
        object(
            "external-secrets.io/v1",
            "ExternalSecret",
            json!({ "target": { "name": "external" } }),
        ),
    ]
}

/// A cluster that has all of it.
fn live() -> Live {
    let named = |name: &str, more: Value| {
        let mut object = json!({ "metadata": { "name": name } });
        object
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        object
    };
    let condition = |kind: &str| json!({ "conditions": [{ "type": kind, "status": "True" }] });
    let keys = |keys: &[&str]| Ok(Some(keys.iter().map(|key| (*key).to_owned()).collect()));
    Live {
        place: Place {
            context: "test".to_owned(),
            server: "https://10.0.0.1/".to_owned(),
            user: "somebody".to_owned(),
        },
        version: json!({ "major": "1", "minor": "33", "gitVersion": "v1.33.1" }),
        unserved: Vec::new(),
        has_namespace: true,
        denied: Ok(Vec::new()),
        nodes: Ok(vec![
            json!({ "metadata": { "name": "one", "labels": { "spin": "true" } }, "spec": {}, "status": condition("Ready") }),
        ]),
        runtime_classes: Ok(vec![named(
            "spin",
            json!({ "handler": "spin-v2", "scheduling": { "nodeSelector": { "spin": "true" } } }),
        )]),
        shims: Ok(vec![named(
            "spin-v2",
            json!({
                "spec": { "runtimeClass": { "name": "spin" }, "containerdRuntimeOptions": { "SystemdCgroup": "true" } },
                "status": { "nodes": 1, "nodesReady": 1 },
            }),
        )]),
        operators: Ok(vec![named(
            "spin-operator-controller-manager",
            json!({ "status": condition("Available") }),
        )]),
        storage_classes: Ok(vec![
            named("fast", json!({})),
            json!({ "metadata": { "name": "slow", "annotations": { "storageclass.kubernetes.io/is-default-class": "true" } } }),
        ]),
        ingress_classes: Ok(vec![named("nginx", json!({}))]),
        secrets: [
            ("s3".to_owned(), keys(&["token"])),
            ("registry".to_owned(), keys(&[".dockerconfigjson"])),
        ]
        .into(),
    }
}

/// What is not as it should be in a cluster that differs in one thing: `verdict name: found`.
fn differs(change: impl FnOnce(&mut Live)) -> Vec<String> {
    let (objects, mut live) = (objects(), live());
    change(&mut live);
    let checks = checks(&Wanted(&objects), &live, "films");
    for Check {
        name,
        verdict,
        hint,
        ..
    } in &checks
    {
        assert_eq!(*verdict == Verdict::Ok, hint.is_none(), "{name}");
    }
    let others = checks.iter().filter(|check| check.verdict != Verdict::Ok);
    let told = |check: &Check| format!("{} {}: {}", check.verdict.name(), check.name, check.found);
    others.map(told).collect()
}

#[track_caller]
fn check(change: impl FnOnce(&mut Live), expected: &[&str]) {
    assert_eq!(differs(change), expected);
}

#[test]
fn a_cluster_that_has_everything_lacks_nothing() {
    check(|_| {}, &[]);
    let (objects, live) = (objects(), live());
    let lines: Vec<String> = checks(&Wanted(&objects), &live, "films")
        .into_iter()
        .map(|check| format!("{}: {}", check.name, check.found))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    cluster: Kubernetes v1.33.1 at https://10.0.0.1/ (context test), as somebody
    kinds: all 8 that are wanted are served
    metrics: metrics.k8s.io is served
    rights: everything that applying does is allowed
    nodes: 1 of 1 are ready and take pods
    RuntimeClass spin: its handler is spin-v2
    nodes of RuntimeClass spin: 1 ready with spin=true
    Shim spin-v2: it is on 1 of 1 nodes
    Spin operator: Deployment/spin-operator-controller-manager is available
    default StorageClass: it is slow
    StorageClass fast: it is there
    IngressClass nginx: it is there
    Secret registry: it is there, with all keys that are read
    Secret s3: it is there, with all keys that are read
    ");
}

#[test]
fn an_old_cluster_does_not_do_and_an_unknown_one_is_doubted() {
    let with = |minor: &'static str| {
        move |live: &mut Live| {
            live.version = json!({ "major": "1", "minor": minor, "gitVersion": "v1" });
        }
    };
    let found = "cluster: Kubernetes v1 at https://10.0.0.1/ (context test), as somebody";
    check(with("31"), &[]);
    check(with("31+"), &[]);
    check(with("30+"), &[&format!("missing {found}")]);
    check(with("x"), &[&format!("doubtful {found}")]);
}

#[test]
fn kinds_are_told_by_who_brings_them() {
    let unserved = |kinds: &[(&str, &str)]| -> Vec<ObjectId> {
        let object = |(version, kind): &(&str, &str)| {
            ObjectId::of(
                &json!({ "apiVersion": version, "kind": kind, "metadata": { "name": "kindred", "namespace": "films" } }),
            )
        };
        kinds.iter().map(object).collect()
    };
    check(
        |live| {
            live.unserved = unserved(&[
                ("core.spinkube.dev/v1alpha1", "SpinAppExecutor"),
                ("core.spinkube.dev/v1alpha1", "SpinApp"),
                ("autoscaling/v2", "HorizontalPodAutoscaler"),
            ]);
        },
        &[
            "missing kinds of autoscaling/v2: the cluster does not serve HorizontalPodAutoscaler",
            "missing kinds of core.spinkube.dev/v1alpha1: the cluster does not serve SpinAppExecutor, SpinApp",
        ],
    );
    check(
        |live| live.unserved = unserved(&[("metrics.k8s.io/v1beta1", "PodMetrics")]),
        &["missing metrics: nobody measures what pods use, by which replicas are to be scaled"],
    );
}

#[test]
fn missing_rights_are_told_together() {
    check(
        |live| {
            live.denied = Ok(vec![
                ("deployments.apps".to_owned(), "patch"),
                ("leases.coordination.k8s.io".to_owned(), "get"),
                ("deployments.apps".to_owned(), "create"),
            ]);
        },
        &[
            "missing rights: somebody may not: deployments.apps (patch, create), leases.coordination.k8s.io (get)",
        ],
    );
    // Who may edit what is in a namespace may apply it, once it is there.
    let of_namespace = |verb| ("namespaces".to_owned(), verb);
    for (has_namespace, others, expected) in [
        (
            true,
            vec![],
            "doubtful rights: somebody may not: namespaces (patch, create); the namespace is there already",
        ),
        (
            true,
            vec![("secrets".to_owned(), "get")],
            "missing rights: somebody may not: secrets (get)",
        ),
        (
            false,
            vec![],
            "missing rights: somebody may not: namespaces (patch, create)",
        ),
    ] {
        check(
            |live| {
                live.has_namespace = has_namespace;
                let denied = [of_namespace("patch"), of_namespace("create")];
                live.denied = Ok([&denied[..], &others].concat());
            },
            &[expected],
        );
    }
    let objects = objects();
    let rights = rights(Wanted(&objects), "films");
    let has = |kind: &str, verb: &str| {
        let is_one = |right: &&super::Right| right.id.kind == kind && right.verb == verb;
        rights.iter().filter(is_one).count()
    };
    for (kind, verb, count) in [
        ("Deployment", "get", 1),
        ("PersistentVolumeClaim", "delete", 1),
        ("Lease", "update", 1),
        ("ConfigMap", "patch", 1),
        ("Secret", "get", 0),
    ] {
        assert_eq!(has(kind, verb), count, "{verb} {kind}");
    }
}

#[test]
fn pods_need_nodes() {
    let node = |labels: Value, spec: Value, ready: &str| json!({ "metadata": { "labels": labels }, "spec": spec, "status": { "conditions": [{ "type": "Ready", "status": ready }] } });
    let unlabelled = "missing nodes of RuntimeClass spin: 0 ready with spin=true";
    for (spec, ready) in [
        (json!({}), "False"),
        (json!({ "unschedulable": true }), "True"),
    ] {
        check(
            |live| live.nodes = Ok(vec![node(json!({ "spin": "true" }), spec, ready)]),
            &["missing nodes: 0 of 1 are ready and take pods", unlabelled],
        );
    }
    check(
        |live| live.nodes = Ok(vec![node(json!({ "spin": "false" }), json!({}), "True")]),
        &[unlabelled],
    );
    for (containerd, expected) in [("1.7.27", Some(())), ("2.2.0", None)] {
        let mut old = node(json!({ "spin": "true" }), json!({}), "True");
        old["status"]["nodeInfo"] =
            json!({ "containerRuntimeVersion": format!("containerd://{containerd}") });
        let told =
            "doubtful nodes: 1 of 1 are ready and take pods;  has a containerd before version 2";
        let expected: Vec<&str> = expected.map(|()| told).into_iter().collect();
        check(|live| live.nodes = Ok(vec![old.clone()]), &expected);
    }
    check(
        |live| live.nodes = Err("no".to_owned()),
        &[
            "doubtful nodes: it cannot be read: no",
            "doubtful nodes of RuntimeClass spin: it cannot be read: no",
        ],
    );
}

#[test]
fn functions_need_a_shim() {
    check(
        |live| live.runtime_classes = Ok(Vec::new()),
        &["missing RuntimeClass spin: it is not there"],
    );
    let shim = |ready: u64, all: u64, option: &str| {
        let shim = json!({
            "metadata": { "name": "spin-v2" },
            "spec": { "runtimeClass": { "name": "spin" }, "containerdRuntimeOptions": { "SystemdCgroup": option } },
            "status": { "nodesReady": ready, "nodes": all },
        });
        move |live: &mut Live| live.shims = Ok(vec![shim])
    };
    check(shim(2, 2, "true"), &[]);
    check(
        shim(0, 0, "true"),
        &["missing Shim spin-v2: it is on 0 of 0 nodes"],
    );
    check(
        shim(0, 2, "true"),
        &["missing Shim spin-v2: it is on 0 of 2 nodes"],
    );
    check(
        shim(1, 2, "true"),
        &["doubtful Shim spin-v2: it is on 1 of 2 nodes"],
    );
    check(
        shim(1, 1, "false"),
        &[
            "doubtful Shim spin-v2, SystemdCgroup: it is not on, without which nothing measures what the pods of a shim use where nodes have systemd",
        ],
    );
    // Others may have brought the shim.
    check(|live| live.shims = Ok(Vec::new()), &[]);
}

#[test]
fn applications_need_the_operator() {
    check(
        |live| live.operators = Ok(Vec::new()),
        &["doubtful Spin operator: it is not in the namespace spin-operator"],
    );
    check(
        |live| live.operators = Ok(vec![json!({ "metadata": { "name": "spin-operator" } })]),
        &["missing Spin operator: Deployment/spin-operator is not available"],
    );
}

#[test]
fn classes_are_named_or_the_default() {
    check(
        |live| live.storage_classes = Ok(vec![json!({ "metadata": { "name": "other" } })]),
        &[
            "missing default StorageClass: there is none; there are other",
            "missing StorageClass fast: there is none; there are other",
        ],
    );
    check(
        |live| live.ingress_classes = Ok(Vec::new()),
        &["missing IngressClass nginx: there is none"],
    );
}

#[test]
fn secrets_of_others_are_looked_for_with_their_keys() {
    let objects = objects();
    let secrets = Wanted(&objects).secrets();
    let secrets: Vec<&str> = secrets.into_keys().collect();
    assert_eq!(secrets, ["registry", "s3"]);
    check(
        |live| {
            live.secrets
                .insert("s3".to_owned(), Ok(Some(vec!["other".to_owned()])));
            live.secrets.insert("registry".to_owned(), Ok(None));
        },
        &[
            "missing Secret registry: it is not there",
            "missing Secret s3: it has no token; it has other",
        ],
    );
}

#[test]
fn images_are_those_of_all_containers() {
    let objects = objects();
    let images: Vec<&str> = Wanted(&objects).images().into_iter().collect();
    let expected = [
        "a.example/host:1",
        "a.example/kindred:1",
        "a.example/postgresql:18",
    ];
    assert_eq!(images, expected);
}
