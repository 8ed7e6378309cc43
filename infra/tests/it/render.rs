use insta::assert_snapshot;

use crate::environments::{
    CLUSTER, DATABASE, DEPLOYMENT, HOST, LOGS, OTHER_DATABASE, PER_FUNCTION, PLAIN, SEALED, VOLUME,
};
use crate::program::{Place, Run};

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
fn of_index_files_in_a_volume() {
    assert_snapshot!("volume", rendered(VOLUME, "box"));
}

#[test]
fn of_index_files_in_the_functions() {
    assert_snapshot!("sealed", rendered(SEALED, "small"));
}

#[test]
fn of_a_part_for_each_function() {
    assert_snapshot!("per_function", rendered(PER_FUNCTION, "wide"));
}

#[test]
fn who_may_ask_is_in_a_namespace_that_is_said() {
    let network = "[environments.prod.network]\ningress_namespaces = [\"ingress-nginx\"]\n";
    let text = rendered(&format!("{HOST}{network}"), "prod");
    let expected = "  - from:\n    - podSelector: {}\n    - namespaceSelector:\n        matchExpressions:\n        - key: kubernetes.io/metadata.name\n          operator: In\n          values:\n          - ingress-nginx\n";
    assert_eq!(text.matches(expected).count(), 1, "{text}");
}

#[test]
fn nobody_is_kept_from_anybody_without_a_policy() {
    let network = "[environments.prod.network]\n";
    let ports = rendered(&format!("{HOST}{network}egress_ports = [9000]\n"), "prod");
    assert_eq!(ports.matches("    - port: 9000\n").count(), 2, "{ports}");
    let none = rendered(&format!("{HOST}{network}policy = false\n"), "prod");
    assert!(!none.contains("kind: NetworkPolicy"), "{none}");
}

/// An operator makes the pods, so that all they are told of the registry's keys is where these stand.
#[test]
fn what_the_operator_runs_in_the_place_of_a_shim_pulls_with_keys() {
    let settings = "host_image = \"ghcr.io/example/host:1\"\nimage_pull_secrets = [\"gitlab\"]\n";
    let application =
        "[environments.dev.application]\nimage = \"registry.gitlab.com/example/kindred:1\"\n";
    let text = rendered(&format!("{application}{settings}"), "dev");
    for expected in [
        "  volumeMounts:\n  - mountPath: /registry\n    name: registry\n    readOnly: true\n",
        "  volumes:\n  - name: registry\n    secret:\n      secretName: gitlab\n",
    ] {
        assert!(text.contains(expected), "{expected}{text}");
    }
}

/// The environment `data` of an application with a variable for the address of a database.
fn with_database(environments: &str) -> Run {
    let place = Place::new(environments);
    place.declare("database_url = { default = \"\", secret = true }");
    let run = place.run(&["render", "--env", "data"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    run
}

#[test]
fn of_a_database_that_is_made_beside_the_functions() {
    assert_snapshot!("database", with_database(DATABASE).stdout);
}

#[test]
fn a_database_that_is_there_already_is_a_secret_and_a_way_out() {
    let run = with_database(OTHER_DATABASE);
    for expected in [
        "  - name: database_url\n    valueFrom:\n      secretKeyRef:\n        key: database_url\n        name: kindred-variables\n",
        "  - ports:\n    - port: 6432\n      protocol: TCP\n",
    ] {
        assert!(run.stdout.contains(expected), "{expected}{}", run.stdout);
    }
    assert!(!run.stdout.contains("cnpg"), "{}", run.stdout);
    assert!(
        run.stderr
            .contains("Secret/kindred-variables with database_url"),
        "{}",
        run.stderr
    );
}

#[test]
fn each_function_is_asked_through_the_gateway_and_alone_in_its_pods() {
    let text = rendered(
        &DEPLOYMENT.replace("runtime_class", "per_function = true\nruntime_class"),
        "edge",
    );
    for expected in [
        "        - name: SPIN_COMPONENTS_TO_RETAIN\n          value: search\n",
        "    - path:\n        type: RegularExpression\n        value: /v1/[^/]+/search$\n",
        "    - path:\n        type: PathPrefix\n        value: /\n",
        "    - path:\n        type: Exact\n        value: /predict\n",
    ] {
        assert!(text.contains(expected), "{expected}{text}");
    }
    let text = rendered(
        &HOST.replace("host_image", "per_function = true\nhost_image"),
        "prod",
    );
    assert!(
        text.contains("        - name: SPIN_COMPONENTS_TO_RETAIN\n          value: search\n"),
        "{text}"
    );
}

/// The name of the Job of the first build.
fn first_build(environments: &str) -> String {
    let text = rendered(environments, "box");
    let names = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("name: "));
    let mut names = names.filter(|name| name.starts_with("kindred-build-"));
    names.next().unwrap().to_owned()
}

#[test]
fn another_template_is_another_job() {
    let name = first_build(VOLUME);
    assert_eq!(name, first_build(VOLUME));
    let other = VOLUME.replace("precompute:1", "precompute:2");
    assert_ne!(name, first_build(&other));
    let other = format!("{VOLUME}{OTHER_COLLECTION}");
    assert_ne!(name, first_build(&other));
    // When the others run is nothing to the first.
    let other = VOLUME.replace(
        "[environments.box.jobs]",
        "[environments.box.jobs]\nnightly = \"0 3 * * *\"",
    );
    assert_eq!(name, first_build(&other));
}

/// A collection that comes before all others by its name.
const OTHER_COLLECTION: &str = "[collections.a]\ntitle = \"A\"\nsource = \"a\"\n";

#[test]
fn the_first_collection_of_the_file_is_meant_where_none_is_named() {
    let text = rendered(&format!("{PLAIN}{OTHER_COLLECTION}"), "dev");
    for expected in ["value: books,a,movies\n", "value: books\n"] {
        assert!(text.contains(expected), "{expected}{text}");
    }
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
        "left out of `prod`, as it would have values of secrets in it: Secret/kindred-variables with s3_access_key_id, OMDB_API_KEY. `infra apply` makes it; for others, make it by `kubectl -n recommendations create secret generic kindred-variables --from-literal=…`\n"
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
        "certificate.yaml",
        "configmap.yaml",
        "cronjob.yaml",
        "deployment.yaml",
        "disruption-budget.yaml",
        "ingress.yaml",
        "job.yaml",
        "kustomization.yaml",
        "monitoring.yaml",
        "namespace.yaml",
        "network-policy.yaml",
        "pvc.yaml",
        "secret.yaml",
        "service-account.yaml",
        "service.yaml",
    ];
    assert_eq!(names, expected);
    let (_, kustomization) = &files[7];
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

/// What stands in a file of a folder that an operator applies.
fn for_operator(operator: &str, environments: &str, name: &str, file: &str) -> String {
    let place = Place::new(environments);
    let args = "--out deploy/here --repository https://git.example.org/films.git";
    let mut command = vec!["render", "--env", name, "--gitops", operator];
    command.extend(args.split(' '));
    let run = place.run(&command);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let kustomization =
        std::fs::read_to_string(place.path("deploy/here/kustomization.yaml")).unwrap();
    assert!(!kustomization.contains(operator), "{kustomization}");
    std::fs::read_to_string(place.path("deploy/here").join(file)).unwrap()
}

#[test]
fn an_operator_applies_a_folder_of_a_repository() {
    let argo_cd = for_operator("argo-cd", VOLUME, "box", "argo-cd.yaml");
    assert_snapshot!("argo_cd", argo_cd);
    assert_snapshot!("flux", for_operator("flux", HOST, "prod", "flux.yaml"));
    let job = for_operator("argo-cd", VOLUME, "box", "job.yaml");
    let hook = "    argocd.argoproj.io/hook: Sync\n    argocd.argoproj.io/hook-delete-policy: BeforeHookCreation\n";
    assert!(job.contains(hook), "{job}");
    assert!(job.contains("  name: kindred-build\n"), "{job}");
    let job = for_operator("flux", VOLUME, "box", "job.yaml");
    assert!(!job.contains("hook"), "{job}");
}

#[test]
fn what_holds_data_is_deleted_by_no_operator() {
    for (operator, annotation) in [
        (
            "argo-cd",
            "argocd.argoproj.io/sync-options: Prune=false,Delete=false\n",
        ),
        ("flux", "kustomize.toolkit.fluxcd.io/prune: disabled\n"),
    ] {
        let kept = |file| {
            for_operator(operator, VOLUME, "box", file)
                .matches(annotation)
                .count()
        };
        assert_eq!(
            ["namespace.yaml", "pvc.yaml", "service.yaml"].map(kept),
            [1, 2, 0]
        );
    }
}

#[test]
fn the_executor_is_there_before_flux_tries_what_it_runs() {
    let read = |file| for_operator("flux", PLAIN, "dev", file);
    let first = read("before/kustomization.yaml");
    assert!(
        first.ends_with("resources:\n- executor.yaml\n- namespace.yaml\n"),
        "{first}"
    );
    let rest = read("kustomization.yaml");
    assert!(
        !rest.contains("executor") && rest.contains("- spin-app.yaml\n"),
        "{rest}"
    );
    assert_snapshot!("flux_spin_app", read("flux.yaml"));
}

#[test]
fn all_environments_have_a_folder_each_and_one_set_of_argo_cd() {
    let place = Place::new(&[VOLUME, HOST, SEALED].concat().replace(
        "[environments.prod]",
        "[environments.prod]\ncontext = \"far-away\"",
    ));
    let render = |operator: &str| {
        let args = "render --all-environments --out deploy --repository https://git.example.org/films.git --gitops";
        let run = place.run(&args.split(' ').chain([operator]).collect::<Vec<_>>());
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert!(
            run.stderr.contains("left out of `prod`, "),
            "{}",
            run.stderr
        );
        std::fs::read_to_string(place.path(&format!("deploy/{operator}.yaml"))).unwrap()
    };
    assert_snapshot!("argo_cd_set", render("argo-cd"));
    // Each folder is as it is when it is rendered by itself.
    let render_alone = "render --env box --out alone --repository https://git.example.org/films.git --gitops argo-cd";
    place.run(&render_alone.split(' ').collect::<Vec<_>>());
    for file in ["job.yaml", "kustomization.yaml", "namespace.yaml"] {
        let read = |folder: &str| std::fs::read_to_string(place.path(folder).join(file)).unwrap();
        assert_eq!(read("deploy/box"), read("alone"), "{file}");
    }
    let flux = render("flux");
    for name in ["box", "prod", "small"] {
        assert!(
            flux.contains(&format!("  path: ./deploy/{name}\n")),
            "{flux}"
        );
    }
}

#[test]
fn a_cluster_has_a_shim_before_any_environment() {
    let run = Place::new(CLUSTER).run(&["render", "--cluster"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert_snapshot!("cluster", run.stdout);
    let kwasm = "[cluster]\ninstaller = \"kwasm\"\n";
    let run = Place::new(kwasm).run(&["render", "--cluster"]);
    assert!(run.stdout.contains("handler: spin\n"), "{}", run.stdout);
}

#[test]
fn logs_of_all_environments_go_to_loki() {
    let rendered = |settings: &str| {
        let run = Place::new(settings).run(&["render", "--cluster"]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        run.stdout
    };
    assert_snapshot!("logs", rendered(&[PLAIN, HOST, LOGS].concat()));
    let with_shim = rendered(&[PLAIN, CLUSTER, LOGS].concat());
    assert!(with_shim.contains("kind: Shim\n"), "{with_shim}");

    for (loki, expected) in [
        (
            "http://loki",
            [
                "host: loki",
                "port: 80",
                "tls: false",
                "uri: /loki/api/v1/push",
            ],
        ),
        (
            "https://a.b:3100",
            [
                "host: a.b",
                "port: 3100",
                "tls: true",
                "uri: /loki/api/v1/push",
            ],
        ),
        (
            "http://a/b/loki/api/v1/push",
            [
                "host: a",
                "port: 80",
                "tls: false",
                "uri: /b/loki/api/v1/push",
            ],
        ),
    ] {
        let logs = LOGS.replace("https://logs.example.org/films/", loki);
        let text = rendered(&[PLAIN, &logs].concat());
        for line in expected {
            assert!(
                text.contains(&format!(" {line}\n")),
                "{loki}: {line}\n{text}"
            );
        }
    }
}
