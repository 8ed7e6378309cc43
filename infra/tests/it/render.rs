use insta::assert_snapshot;

use crate::program::Place;

/// With a cluster that has the Spin operator, and nothing else said.
const PLAIN: &str = "[environments.dev]\napplication = { image = \"ghcr.io/example/kindred:1\" }\n";

/// With everything said, for a cluster without a shim.
const HOST: &str = r#"
[environments.prod]
namespace = "recommendations"
collections = ["movies"]
variables = { cors_origins = "https://films.example.org" }
[environments.prod.storage]
endpoint = "http://10.0.0.1:9000"
bucket = "films"
[environments.prod.application]
form = "host"
image = "registry.example.org:5000/kindred@sha256:0123"
host_image = "registry.example.org:5000/host:1"
image_pull_secrets = ["registry"]
[environments.prod.scaling]
minimum_replicas = 3
maximum_replicas = 3
[environments.prod.address]
kind = "ingress"
host = "api.example.org"
class = "nginx"
certificate = { issuer = "lets-encrypt", email = "you@example.org" }
[environments.prod.secrets]
s3_access_key_id = { environment = "AWS_ACCESS_KEY_ID" }
s3_secret_access_key = { external = { store = "aws", key = "kindred/s3", property = "secret" } }
s3_session_token = { secret = { name = "s3", key = "token" } }
"#;

/// With the shim's `RuntimeClass`, behind a Gateway.
const DEPLOYMENT: &str = r#"
[environments.edge.application]
form = "deployment"
image = "ghcr.io/example/kindred:1"
runtime_class = "spin"
[environments.edge.scaling]
minimum_replicas = 1
[environments.edge.address]
kind = "gateway"
host = "api.example.org"
gateway = "gateways/public"
certificate = { issuer = "lets-encrypt-staging", email = "you@example.org" }
"#;

/// What is rendered of the one environment that there is.
fn rendered(environments: &str, name: &str) -> String {
    let run = Place::new(environments).run(&["render", "--env", name]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    run.stdout
}

#[test]
fn of_a_cluster_with_the_spin_operator() {
    assert_snapshot!("spin_app", rendered(PLAIN, "dev"));
}

#[test]
fn of_a_cluster_without_a_shim() {
    assert_snapshot!("host", rendered(HOST, "prod"));
}

#[test]
fn of_a_cluster_with_a_shim_and_no_operator() {
    assert_snapshot!("deployment", rendered(DEPLOYMENT, "edge"));
}

#[test]
fn a_port_of_every_node_or_a_load_balancer_is_a_service_more() {
    for (kind, expected) in [("node-port", "NodePort"), ("load-balancer", "LoadBalancer")] {
        let text = rendered(
            &format!("{PLAIN}address = {{ kind = \"{kind}\" }}\n"),
            "dev",
        );
        assert!(text.contains(&format!("  type: {expected}\n")), "{text}");
    }
}

#[test]
fn values_of_secrets_are_left_out_and_that_is_said() {
    let run = Place::new(HOST).run(&["render", "--env", "prod"]);
    assert_eq!(
        run.stderr,
        "left out, as it would have values of secrets in it: Secret/kindred-variables with s3_access_key_id\n"
    );
}

#[test]
fn a_folder_has_a_file_a_room_and_is_the_same_again() {
    let place = Place::new(HOST);
    let read = |folder: &str| {
        let run = place.run(&["render", "--env", "prod", "--out", folder]);
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (Some(0), ""),
            "{}",
            run.stderr
        );
        let mut files: Vec<(String, String)> = std::fs::read_dir(place.path(folder))
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, std::fs::read_to_string(path).unwrap())
            })
            .collect();
        files.sort();
        files
    };
    let files = read("first");
    assert_eq!(files, read("second"));
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "application.yaml",
        "certificate.yaml",
        "disruption-budget.yaml",
        "ingress.yaml",
        "kustomization.yaml",
        "namespace.yaml",
        "network-policy.yaml",
        "secret.yaml",
        "service-account.yaml",
        "service.yaml",
    ];
    assert_eq!(names, expected);
    let (_, kustomization) = &files[4];
    for name in expected
        .iter()
        .filter(|name| **name != "kustomization.yaml")
    {
        assert!(
            kustomization.contains(&format!("- {name}\n")),
            "{kustomization}"
        );
    }
}
