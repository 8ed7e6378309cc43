//! `[environments.NAME]`: what it says, and what is refused.

use super::{EXAMPLE, check_error, parse};
use crate::{
    ApplicationSettings, Cluster, DatabaseCluster, Form, IndexPlace, Jobs, Scaling, SecretSource,
    Volume,
};

#[test]
fn an_environment_says_where_the_application_runs() {
    let config = parse(
        "[collections.films]\ntitle = \"F\"\nsource = \"f\"\n\
        [environments.dev]\ncollections = [\"films\"]\n\
        [environments.dev.secrets]\ns3_secret_access_key = { file = \"key\" }\n\
        [environments.dev.database]\nvariable = \"database_url\"\nurl = { file = \"url\" }\n\
        [environments.dev.jobs]\nimage = \"precompute\"\nsecrets = { OMDB_API_KEY = { file = \"omdb\" } }\n",
    )
    .unwrap();
    let dev = &config.environments["dev"];
    assert_eq!(
        dev.secrets["s3_secret_access_key"],
        SecretSource::File("site/key".into())
    );
    assert_eq!(
        dev.jobs.as_ref().unwrap().secrets["OMDB_API_KEY"],
        SecretSource::File("site/omdb".into())
    );
    assert_eq!(
        dev.database.as_ref().unwrap().url,
        Some(SecretSource::File("site/url".into()))
    );
    assert_eq!(dev.application.form, Form::SpinApp);
    assert_eq!(dev.scaling, Scaling::default());
}

#[test]
fn the_example_shows_the_defaults_of_an_environment() {
    let config = parse(EXAMPLE).unwrap();
    let prod = &config.environments["prod"];
    let jobs = prod.jobs.clone().unwrap();
    assert_eq!(
        jobs,
        Jobs {
            image: jobs.image.clone(),
            data: jobs.data.clone(),
            secrets: jobs.secrets.clone(),
            ..Jobs::default()
        }
    );
    assert_eq!(prod.scaling, Scaling::default());
    assert_eq!(prod.index, IndexPlace::default());
    let application = prod.application.clone();
    assert_eq!(
        application,
        ApplicationSettings {
            image: application.image.clone(),
            ..ApplicationSettings::default()
        }
    );
    assert_eq!(prod.volume.size, Volume::default().size);
    let images: Vec<&str> = prod.images().map(|(setting, _)| setting).collect();
    let settings = ["application.image", "jobs.image", "database.cluster.image"];
    assert_eq!(images, settings);
    let database = prod.database.clone().unwrap().cluster.unwrap();
    assert_eq!(
        database,
        DatabaseCluster {
            image: database.image.clone(),
            class: database.class.clone(),
            ..DatabaseCluster::default()
        }
    );
}

#[test]
fn what_kubernetes_takes_is_taken() {
    let text = "[environments.dev]\napplication = { memory_request = \"512Mi\", memory_limit = \"536870912\", image_pull_secrets = [\"my.registry\"] }\n\
        observability = { prometheus_labels = { release = \"Prometheus_1.x\", \"example.org/team\" = \"\" } }\n\
        jobs = { image = \"a\", nightly = \"@daily\", weekly = \"0 5 * * sun\", time_zone = \"America/Argentina/Ushuaia\" }\n";
    parse(text).unwrap();
}

#[test]
fn an_environment_has_a_name_of_the_cluster() {
    check_error(
        "[environments.Prod]\n",
        "site/kindred.toml:1:15: `Prod` is not an environment's name: write 1 to 32 lower-case letters, digits and hyphens, with a letter or digit at both ends",
    );
}

/// That each of these lines is refused, with these words.
#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let error = parse(&format!("[environments.dev]\n{text}"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn what_an_environment_is_called_and_has_makes_sense() {
    check(&[
        ("namespace = \"-a\"", "`-a` is no name in a cluster"),
        (
            "collections = [\"books\"]",
            "environment `dev`: there is no collection `books`",
        ),
        (
            "secrets = { key = { vault = \"a\" } }",
            "write where the value of the secret comes from, and not the value",
        ),
    ]);
}

/// Somebody wrote the value of a secret where it is said where that comes from.
#[test]
fn a_secret_that_is_written_down_is_not_repeated() {
    for text in [
        "secrets = { s3_access_key_id = VALUE }",
        "secrets = { s3_access_key_id = { secret = VALUE } }",
        "secrets = { s3_access_key_id = { secret = { name = \"a\", key = \"b\", value = VALUE } } }",
        "secrets = { s3_access_key_id = [VALUE] }",
        "jobs = { image = \"a/b\", secrets = { OMDB_API_KEY = VALUE } }",
        "database = { variable = \"database_url\", url = VALUE }",
    ] {
        for value in [
            "\"AKIASUPER\"",
            "\"\"\"\nAKIASUPER\n\"\"\"",
            "20260101",
            "2026-01-01",
        ] {
            let text = format!("[environments.dev]\n{}\n", text.replace("VALUE", value));
            let error = parse(&text).unwrap_err();
            let (shown, debugged) = (error.to_string(), format!("{error:?}"));
            assert!(shown.contains("kindred.toml:2:"), "{shown}");
            let expected = "write where the value of the secret comes from, and not the value: `{ environment = \"NAME\" }`, ";
            assert!(shown.contains(expected), "{shown}");
            for part in ["AKIA", "2026"] {
                assert!(!debugged.contains(part), "{debugged}");
            }
        }
    }
    // Without quotation marks it is not even a value.
    let unquoted = parse("[environments.dev.secrets]\ns3_access_key_id = AKIASUPER\n");
    let error = format!("{:?}", unquoted.unwrap_err());
    assert!(!error.contains("AKIA"), "{error}");
}

#[test]
fn production_is_protected_unless_it_says_otherwise() {
    for (text, expected) in [
        ("[environments.prod]\n", true),
        ("[environments.prod]\nprotected = false\n", false),
        ("[environments.dev]\n[environments.prod.scaling]\n", true),
    ] {
        let config = parse(text).unwrap();
        assert_eq!(config.environments["prod"].protected, expected, "{text}");
        assert!(!config.environments.contains_key("dev") || !config.environments["dev"].protected);
    }
}

#[test]
fn what_one_controller_understands_is_not_said_to_another() {
    let traefik = "address = { kind = \"ingress\", host = \"a.example.org\", class = \"traefik\"";
    check(&[
        (
            &format!("application = {{ per_function = true }}\n{traefik} }}"),
            "ingress-nginx alone understands, and the class is `traefik`",
        ),
        (
            &format!("{traefik}, requests_per_second = 5 }}"),
            "`requests_per_second` is for ingress-nginx alone",
        ),
    ]);
    assert!(parse(&format!("[environments.dev]\n{traefik} }}\n")).is_ok());
}

#[test]
fn two_environments_are_not_in_one_place() {
    check(&[(
        "[environments.test]\nnamespace = \"kindred-dev\"",
        "environment `test`: its namespace, kindred-dev, is that of the environment `dev` in the same cluster",
    )]);
    let elsewhere =
        "[environments.dev]\n[environments.test]\nnamespace = \"kindred-dev\"\ncontext = \"other\"";
    assert!(parse(elsewhere).is_ok());
}

const STANDBY: &str = "[environments.prod]\ncontext = \"east\"\nnamespace = \"films\"\nprotected = true\n\
    [environments.prod.application]\nimage = \"a\"\ncpu_request = \"1\"\n\
    [environments.prod.cloud]\n\
    [environments.west]\nstandby_of = \"prod\"\ncontext = \"west\"\n";

#[test]
fn what_stands_by_is_as_the_other_one() {
    let text = format!("{STANDBY}application = {{ cpu_request = \"2\" }}\n");
    let config = parse(&text).unwrap();
    let west = &config.environments["west"];
    assert_eq!(west.application.image, "a");
    assert_eq!(west.application.cpu_request, "2");
    assert!(west.protected);
    // What there is once, or is where it is.
    assert_eq!(west.cloud, None);
    assert_eq!(west.namespace_of("west"), "kindred-west");
    assert_eq!(config.primary_of("west"), "prod");
    assert!(config.is_active("prod") && !config.is_active("west"));
    let promoted = text.replace("protected", "active = \"west\"\nprotected");
    let config = parse(&promoted).unwrap();
    assert!(!config.is_active("prod") && config.is_active("west"));
}

#[test]
fn what_stands_by_makes_sense() {
    for (more, expected) in [
        (
            "[environments.other]\nstandby_of = \"west\"\ncontext = \"x\"",
            "environment `other`: `west` stands by itself",
        ),
        (
            "[environments.other]\nstandby_of = \"east\"\ncontext = \"x\"",
            "environment `other`: `standby_of` names no environment: east",
        ),
        (
            "[environments.other]\nstandby_of = \"prod\"",
            "environment `other`: it stands by for `prod` on another cluster: write its `context`",
        ),
        (
            "index = \"volume\"",
            "environment `west`: what stands by reads the bucket of the other one",
        ),
        (
            "active = \"west\"",
            "environment `west`: which one is active is said in `prod`",
        ),
        (
            "[environments.other]\nactive = \"prod\"",
            "environment `other`: `active` is `prod`, which is neither itself",
        ),
        (
            "[environments.west.scaling]\nmaximum_replica = 2",
            "did you mean `maximum_replicas`?",
        ),
    ] {
        let error = parse(&format!("{STANDBY}{more}\n"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{more}: {error}");
    }
}

#[test]
fn a_volume_makes_sense() {
    check(&[
        ("index = \"sealled\"", "did you mean `sealed`?"),
        ("volume = { size = \"big\" }", "`big` is no amount"),
        (
            "volume = { access_mode = \"ReadWriteMost\" }",
            "did you mean `ReadWriteMany`?",
        ),
    ]);
}

#[test]
fn what_runs_the_application_makes_sense() {
    check(&[
        (
            "scaling = { minimum_replicas = 3, maximum_replicas = 2 }",
            "there cannot be 3 replicas at least and 2 at most",
        ),
        ("scaling = { minimum_replicas = 0 }", "0 is too small"),
        (
            "application = { form = \"spinapp\" }",
            "did you mean `spin-app`?",
        ),
        ("application = { form = \"hots\" }", "did you mean `host`?"),
        ("application = { imgae = \"a\" }", "did you mean `image`?"),
        (
            "application = { memory_limit = \"lots\" }",
            "`lots` is no amount: write one such as `250m` of processors or `128Mi` of memory",
        ),
        ("application = { cpu_request = \"0\" }", "`0` is no amount"),
        (
            "application = { memory_limit = \"0.2G\" }",
            "`application.memory_request`, 256Mi, is above `application.memory_limit`, 0.2G",
        ),
        (
            "application = { image_pull_secrets = [\"registry.example\", \"My Key\"] }",
            "`My Key` is no name of an object: write 1 to 253 lower-case letters, digits, hyphens and dots",
        ),
        (
            "application = { image_pull_secrets = [\"registry.-a\"] }",
            "`registry.-a` is no name of an object",
        ),
        (
            "application = { form = \"host\" }",
            "it is not said which image has `host`: write `host_image` under `application`",
        ),
        (
            "application = { form = \"deployment\", host_image = \"a\" }",
            "remove `host_image`, or write the form `host`",
        ),
        (
            "application = { host_image = \"a\", runtime_class = \"b\" }",
            "the Spin operator runs the shim or `host`: write `runtime_class` or `host_image`",
        ),
        (
            "application = { form = \"host\", host_image = \"a\", runtime_class = \"b\" }",
            "the form `host` needs no shim: remove `runtime_class`",
        ),
        (
            "application = { runtime_class = \"B\" }",
            "`B` is no name in a cluster",
        ),
        (
            "application = { per_function = true }\naddress = { kind = \"node-port\" }",
            "a port leads to one Service: write the kind `ingress` or `gateway`, or `per_function = false`",
        ),
        (
            "scaling = { autoscaler = \"keta\" }",
            "did you mean `keda`?",
        ),
        (
            "observability = { prometheus = true }",
            "only the form `host` has metrics for Prometheus: write `open_telemetry` for a shim",
        ),
        (
            "application = { host_image = \"a\" }\nobservability = { open_telemetry = \"http://a:4318\" }",
            "`host` sends nothing to OpenTelemetry",
        ),
        (
            "observability = { prometheus_labels = { \"re lease\" = \"a\" } }",
            "`re lease` is no label: write 1 to 63 letters, digits, hyphens, underscores and dots",
        ),
        (
            "observability = { prometheus_labels = { \"\" = \"a\" } }",
            "`` is no label",
        ),
        (
            "observability = { prometheus_labels = { \"A.b/team\" = \"a\" } }",
            "`A.b/team` is no label",
        ),
        (
            "observability = { prometheus_labels = { release = \"-a\" } }",
            "`-a` is no value of the label `release`",
        ),
        (
            "observability = { prometheus_labels = { \"app.kubernetes.io/managed-by\" = \"me\" } }",
            "`app.kubernetes.io/managed-by` is a label by which the objects of an environment are known: write another one",
        ),
        (
            "observability = { prometheus_label = { release = \"a\" } }",
            "did you mean `prometheus_labels`?",
        ),
        (
            "observability = { open_telemetry = \"collector:4318\" }",
            "`collector:4318` is not a web address",
        ),
    ]);
}

#[test]
fn jobs_make_sense() {
    check(&[
        (
            "jobs = {}",
            "it is not said which image has `precompute`: write `image` under `jobs`",
        ),
        ("jobs = { imag = \"a\" }", "did you mean `image`?"),
        (
            "jobs = { image = \"a\", nightly = \"at two\" }",
            "`at two` is no time: write minute, hour, day, month and day of the week, such as `0 2 * * *`",
        ),
        (
            "jobs = { image = \"a\", weekly = \"0 5 * * 0;\" }",
            "`0 5 * * 0;` is no time",
        ),
        (
            "jobs = { image = \"a\", nightly = \"0 26 * * *\" }",
            "2:33: `0 26 * * *` is no time, since its hour is `26`",
        ),
        (
            "jobs = { image = \"a\", time_zone = \"Europe/Berln\" }",
            "`Europe/Berln` is no time zone: write the IANA's name of one, such as `Europe/Berlin` or `Etc/UTC`; did you mean `Europe/Berlin`?",
        ),
        (
            "jobs = { image = \"a\", time_zone = \"europe/berlin\" }",
            "did you mean `Europe/Berlin`?",
        ),
        (
            "jobs = { image = \"a\", time_zone = \"\" }",
            "`` is no time zone",
        ),
        (
            "jobs = { image = \"a\", memory_request = \"5Gi\" }",
            "environment `dev`: `jobs.memory_request`, 5Gi, is above `jobs.memory_limit`, 4Gi: raise the limit, or lower the request",
        ),
        (
            "jobs = { image = \"a\", data = \"films\" }",
            "`films` is not in a bucket: write s3://bucket/prefix",
        ),
        (
            "jobs = { image = \"a\", deadline_minutes = 0 }",
            "0 is too small",
        ),
        (
            "jobs = { image = \"a\", secrets = { omdb = { file = \"a\" } } }",
            "`omdb` is not a variable of a job's environment: write one such as `OMDB_API_KEY` under `jobs.secrets`",
        ),
    ]);
}

#[test]
fn a_database_makes_sense() {
    check(&[
        (
            "database = { variable = \"database_url\" }\n",
            "write under `database` the `url` of one that is there, or `cluster = {}` for one of CloudNativePG",
        ),
        (
            "database = { variable = \"database_url\", url = { environment = \"URL\" }, cluster = {} }\n",
            "the database is there already or made by CloudNativePG: write `url` or `cluster` under `database`",
        ),
        (
            "database = { variable = \"database_url\", port = 5432, cluster = {} }\n",
            "a database of CloudNativePG has a port already: remove `database.port`",
        ),
        ("database = { cluster = {} }\n", "missing field `variable`"),
        (
            "database = { variable = \"database_url\", uri = { environment = \"URL\" } }\n",
            "unknown field `uri`",
        ),
        (
            "database = { variable = \"database_url\", cluster = { instance = 2 } }\n",
            "unknown field `instance`",
        ),
        (
            "database = { variable = \"database_url\", cluster = { instances = 0 } }\n",
            "0",
        ),
        (
            "database = { variable = \"database_url\", cluster = { size = \"5 GB\" } }\n",
            "5 GB",
        ),
        (
            "database = { variable = \"database_url\", cluster = { memory_request = \"2Gi\" } }\n",
            "`database.cluster.memory_request`, 2Gi, is above `database.cluster.memory_limit`, 1Gi",
        ),
    ]);
}

#[test]
fn an_address_makes_sense() {
    check(&[
        (
            "address = { kind = \"ingress\" }",
            "a route goes by a name: write `host`",
        ),
        (
            "address = { kind = \"ingress\", host = \"a b\" }",
            "`a b` is not the name of a host",
        ),
        (
            "address = { kind = \"gateway\", host = \"a.b\" }",
            "write `gateway = \"namespace/name\"`",
        ),
        (
            "address = { kind = \"gateway\", host = \"a.b\", gateway = \"public\" }",
            "`public` is no Gateway: write `namespace/name`",
        ),
        (
            "address = { kind = \"ingress\", host = \"a.b\", gateway = \"a/b\" }",
            "only the kind `gateway` has a `gateway`",
        ),
        (
            "address = { kind = \"node-port\", certificate = { issuer = \"lets-encrypt\", email = \"a@b\" } }",
            "write the kind `ingress` or `gateway`",
        ),
        (
            "address = { kind = \"gateway\", host = \"a.b\", gateway = \"a/b\", requests_per_second = 5 }",
            "only the kind `ingress` has `requests_per_second`",
        ),
        (
            "address = { kind = \"ingress\", host = \"a.b\", requests_per_second = 0 }",
            "0 is too small",
        ),
    ]);
}

#[test]
fn who_comes_from_no_namespace_is_not_asked_for_one() {
    let network = "network = { ingress_namespaces = [\"monitoring\"] }";
    for kind in ["node-port", "load-balancer"] {
        let address = format!("address = {{ kind = \"{kind}\" }}\n");
        check(&[(
            &format!("{address}{network}"),
            "come from no namespace, and would not be let in: remove `network.ingress_namespaces`, or write the kind `ingress` or `gateway`",
        )]);
        for fine in [
            "network = { ingress_namespaces = [] }",
            "network = { policy = false, ingress_namespaces = [\"monitoring\"] }",
        ] {
            parse(&format!("[environments.dev]\n{address}{fine}\n")).unwrap();
        }
    }
    let ingress = "address = { kind = \"ingress\", host = \"a.b\" }";
    parse(&format!("[environments.dev]\n{ingress}\n{network}\n")).unwrap();
}

#[test]
fn what_a_cluster_has_makes_sense() {
    let cluster = parse(EXAMPLE).unwrap().cluster;
    assert_eq!(
        cluster,
        Cluster {
            shim: cluster.shim.clone(),
            logs: cluster.logs.clone(),
            ..Cluster::default()
        }
    );
    for (text, expected) in [
        (
            "installer = \"helm\"",
            "expected `runtime-class-manager` or `kwasm`",
        ),
        ("shim = { x86_64 = {} }", "missing field `location`"),
        (
            "shim = { x86_64 = { location = \"https://a/b.tar.gz\", sha256 = \"ABC\" } }",
            "`ABC` is no SHA-256: it has 64 hexadecimal digits, in lower case",
        ),
        ("shim = { arm64 = {} }", "unknown variant `arm64`"),
        ("dashbord = true", "did you mean `dashboard`?"),
        ("logs = { loki = \"http://loki\" }", "missing field `image`"),
        (
            "logs = { image = \"a\", loki = \"loki:3100\" }",
            "`loki:3100` is not a web address",
        ),
        (
            "logs = { image = \"a\", loky = \"http://loki\" }",
            "did you mean `loki`?",
        ),
    ] {
        let error = parse(&format!("[cluster]\n{text}"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}
