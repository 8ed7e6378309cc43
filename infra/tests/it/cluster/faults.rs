//! Whatever happens in the middle, the same command goes on from there.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::proxy::Proxy;
use super::{HOST, PEACE, Site};
use crate::program::Run;

/// Lets a command begin and sends it a signal when something is there.
fn interrupted(site: &Site, signal: &str, when_there: &str) -> Run {
    let mut command = site.command(&["apply", "--yes", "--timeout", "60"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until(|| site.is_there(when_there));
    send(&child, signal);
    Run::ended(child.wait_with_output().unwrap())
}

fn send(child: &Child, signal: &str) {
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args([signal, &pid])
            .status()
            .unwrap()
            .success()
    );
}

fn wait_until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed().as_secs() < 60, "it did not come to that");
        sleep(Duration::from_millis(20));
    }
}

/// Pods that nothing has room for: who applies it waits.
fn never_ready() -> String {
    HOST.replace("form = \"host\"", "form = \"host\"\ncpu_request = \"1000\"")
}

#[test]
fn who_is_interrupted_leaves_no_lock_and_goes_on_later() {
    // Ctrl-C, and a session that is lost.
    for (name, signal) in [("sigint", "-INT"), ("sighup", "-HUP")] {
        let Some(site) = Site::new(name, &never_ready()) else {
            return;
        };
        let run = interrupted(&site, signal, "poddisruptionbudget/kindred");
        assert_eq!(run.status, Some(130), "{signal}: {}", run.stderr);
        assert!(
            run.stderr.contains("the same command goes on from there"),
            "{signal}: {}",
            run.stderr
        );
        site.configure(HOST);
        site.apply(&[]);
        assert_eq!(site.planned(&[]), <[String; 0]>::default());
    }
}

#[test]
fn who_is_killed_leaves_a_lock_that_ends_and_an_inventory_of_everything() {
    let Some(site) = Site::new("sigkill", HOST) else {
        return;
    };
    // So late that it is killed while it holds the lock.
    let proxy = Proxy::before(&site);
    proxy.be_slow(200);
    let mut command = proxy.command(&site, &["apply", "--yes", "--wait=false"]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let inventory = format!("configmap/kindred-inventory-{}", site.name);
    wait_until(|| site.is_there(&inventory));
    send(&child, "-KILL");
    child.wait().unwrap();
    let known = site.get(&inventory)["data"]["objects"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(known.contains("PodDisruptionBudget") && !site.is_there("poddisruptionbudget/kindred"));
    let run = site.check(&["apply", "--yes", "--wait=false"], 7);
    let unlock = format!("open it with `infra unlock --env {}`", site.name);
    assert!(run.stderr.contains(&unlock), "{}", run.stderr);
    wait_until(|| site.run(&["apply", "--yes", "--wait=false"]).status == Some(0));
    assert_eq!(site.planned(&[]), <[String; 0]>::default());
    site.check(&["destroy", "--yes"], 0);
    assert!(!site.is_there(&format!("namespace/{}", site.namespace())));
}

#[test]
fn a_lock_that_is_held_is_told_with_who_has_it_and_can_be_opened() {
    let Some(site) = Site::new("locked", HOST) else {
        return;
    };
    site.apply(&[]);
    let now = String::from_utf8(
        Command::new("date")
            .args(["-u", "+%Y-%m-%dT%H:%M:%S.000000Z"])
            .output()
            .unwrap()
            .stdout,
    )
    .unwrap();
    let patch = |holder: &str, renewed: &str| {
        let patch = format!(
            r#"{{"metadata":{{"annotations":{{"kindred/purpose":"apply"}}}},"spec":{{"holderIdentity":"{holder}","leaseDurationSeconds":3600,"acquireTime":"{renewed}","renewTime":"{renewed}"}}}}"#
        );
        site.kubectl_ok(&[
            "patch",
            "lease",
            &format!("kindred-{}", site.name),
            "--type",
            "merge",
            "--patch",
            &patch,
        ]);
    };
    patch("somebody@elsewhere", now.trim());
    let run = site.check(&["apply", "--yes", "--wait=false"], 7);
    assert!(
        run.stderr
            .contains("somebody@elsewhere has been at work on the environment"),
        "{}",
        run.stderr
    );
    site.check(&["plan"], 0);
    // Who is asked is told of what, though they want to hear little.
    let run = site.check(&["unlock", "--quiet", "--output", "json"], 8);
    assert!(
        run.stderr.contains("somebody@elsewhere holds the lock"),
        "{}",
        run.stderr
    );
    let error: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(error["code"], "refused", "{error}");
    assert_eq!(error["hint"], "give `--yes`", "{error}");
    let run = site.check(&["unlock", "--yes", "--output", "json"], 0);
    assert_eq!(run.stdout, "{\"opened\":true,\"type\":\"summary\"}\n");
    site.apply(&[]);
    // One that has ended is nobody's.
    patch("somebody@elsewhere", "2020-01-01T00:00:00.000000Z");
    site.apply(&[]);
}

#[test]
fn two_at_once_are_one_and_then_the_other() {
    let Some(site) = Site::new("two", HOST) else {
        return;
    };
    site.apply(&[]);
    let start = |image: &str| {
        let mut command = site.command(&["apply", "--yes", "--wait=false", "--image", image]);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let runs = [
        start("ghcr.io/example/kindred:2"),
        start("ghcr.io/example/kindred:3"),
    ];
    for run in runs.map(|child| Run::ended(child.wait_with_output().unwrap())) {
        assert!(
            matches!(run.status, Some(0 | 7)),
            "{:?} {}",
            run.status,
            run.stderr
        );
    }
    site.apply(&["--image", "ghcr.io/example/kindred:4"]);
    assert_eq!(
        site.planned(&["--image", "ghcr.io/example/kindred:4"]),
        <[String; 0]>::default()
    );
}

#[test]
fn a_stuck_finalizer_is_named_and_later_it_goes_on() {
    let Some(site) = Site::new("stuck", HOST) else {
        return;
    };
    site.apply(&[]);
    site.hold_service(true);
    let run = site.check(&["destroy", "--yes", "--timeout", "2"], 6);
    assert!(run.stderr.contains("Service/kindred is deleted, and not gone after 2 s: it waits for its finalizer example.org/stuck"), "{}", run.stderr);
    site.hold_service(false);
    site.check(&["destroy", "--yes"], 0);
    assert!(!site.is_there(&format!("namespace/{}", site.namespace())));
}

#[test]
fn a_busy_cluster_and_broken_connections_are_waited_for() {
    let Some(site) = Site::new("busy", HOST) else {
        return;
    };
    let proxy = Proxy::before(&site);
    proxy.refuse(5);
    let run = proxy.run(&site, &["plan"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let run = proxy.run(&site, &["apply", "--yes", "--wait=false"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    // The first two requests ask what is served: there, a cluster that does not answer is not waited for.
    proxy.be_silent(1);
    let run = proxy.run(&site, &["plan"]);
    assert_eq!(run.status, Some(4), "{}", run.stderr);
    assert_eq!(site.planned(&[]), <[String; 0]>::default());
}

#[test]
fn an_api_server_that_starts_again_in_the_middle_is_waited_for() {
    let _disturbance = PEACE
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let (Some(bed), Some(site)) = (Site::bed(), Site::in_disturbance("restart", &never_ready()))
    else {
        return;
    };
    let mut command = site.command(&["apply", "--yes", "--timeout", "90"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until(|| site.is_there("deployment/kindred"));
    let home = site.kubeconfig.parent().unwrap();
    // One that is asked to end waits for those who watch.
    let pid_file = home.join("run/kwok/pid/kube-apiserver");
    let pid = std::fs::read_to_string(&pid_file).unwrap();
    let mut kill = Command::new("kill");
    assert!(kill.args(["-KILL", pid.trim()]).status().unwrap().success());
    std::fs::remove_file(pid_file).unwrap();
    let started = Command::new("bash")
        .arg(bed.join("up.sh"))
        .arg("kwok")
        .output()
        .unwrap();
    assert!(
        started.status.success(),
        "{}",
        String::from_utf8_lossy(&started.stderr)
    );
    // It waits for pods that never come, through the restart, and can then be helped.
    let request = r#"[{"op":"replace","path":"/spec/template/spec/containers/0/resources/requests/cpu","value":"1m"}]"#;
    site.kubectl_ok(&[
        "patch",
        "deployment",
        "kindred",
        "--type",
        "json",
        "--patch",
        request,
    ]);
    let run = Run::ended(child.wait_with_output().unwrap());
    assert_eq!(run.status, Some(0), "{}\n{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("  ready    ghcr.io"), "{}", run.stdout);
}

#[test]
fn a_cluster_that_is_not_there_is_told_with_what_to_look_at() {
    let Some(site) = Site::new("absent", HOST) else {
        return;
    };
    let path = site.place.path("absent.kubeconfig");
    std::fs::copy(&site.kubeconfig, &path).unwrap();
    let cluster = site.kubectl_ok(&[
        "config",
        "view",
        "--minify",
        "--output=jsonpath={.clusters[0].name}",
    ]);
    let set = [
        "config",
        "set-cluster",
        &cluster,
        "--server=https://127.0.0.1:1",
    ];
    let mut kubectl = Command::new("kubectl");
    assert!(
        kubectl
            .args(set)
            .env("KUBECONFIG", &path)
            .output()
            .unwrap()
            .status
            .success()
    );
    let run = Run::of(site.command(&["plan"]).env("KUBECONFIG", &path));
    assert_eq!(run.status, Some(4), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("the cluster at https://127.0.0.1:1/ (context `"),
        "{}",
        run.stderr
    );
    let run = Run::of(site.command(&["plan"]).env("KUBECONFIG", "/nowhere"));
    assert_eq!(run.status, Some(4), "{}", run.stderr);
    assert!(
        run.stderr
            .ends_with("; set KUBECONFIG, or write ~/.kube/config\n"),
        "{}",
        run.stderr
    );
}

/// Somebody else's apply or destroy while this one is waited for.
#[test]
fn who_is_overtaken_waits_no_longer_and_takes_nothing_back() {
    let Some(site) = Site::new("overtaken", &never_ready()) else {
        return;
    };
    let check = |meanwhile: &dyn Fn(), expected: &str| {
        let mut command = site.command(&["apply", "--yes", "--rollback-on-failure"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let release = format!("configmap/kindred-release-{}-1", site.name);
        wait_until(|| site.is_there(&release));
        meanwhile();
        let run = Run::ended(child.wait_with_output().unwrap());
        assert_eq!(run.status, Some(7), "{}", run.stderr);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    };
    let apply = || {
        site.apply(&["--image", "ghcr.io/example/kindred:2"]);
    };
    check(&apply, "others applied release 2 of the environment");
    assert!(site.check(&["history"], 0).stdout.starts_with("release 2 "));
    site.check(&["destroy", "--yes"], 0);
    let destroy = || {
        site.check(&["destroy", "--yes"], 0);
    };
    check(&destroy, "others destroyed the environment");
}

#[test]
fn what_is_being_deleted_is_made_anew_when_it_is_gone() {
    let Some(site) = Site::new("going", HOST) else {
        return;
    };
    site.apply(&[]);
    site.hold_service(true);
    site.kubectl_ok(&["delete", "service/kindred", "--wait=false"]);
    assert_eq!(site.planned(&[]), ["replaced Service/kindred"]);
    let status = site.check(&["status"], 0).stdout;
    assert!(
        status.contains("Service/kindred: being deleted\n"),
        "{status}"
    );
    let apply = ["apply", "--yes", "--wait=false", "--timeout", "2"];
    let run = site.check(&apply, 6);
    assert!(run.stderr.contains("example.org/stuck"), "{}", run.stderr);
    site.hold_service(false);
    site.check(&apply, 0);
    assert!(site.is_there("service/kindred"));

    site.hold_service(true);
    site.delete_namespace(&site.namespace());
    let run = site.check(&apply, 4);
    let expected = format!("Namespace/{} is being deleted", site.namespace());
    assert!(run.stderr.contains(&expected), "{}", run.stderr);
    site.hold_service(false);
}

#[test]
fn what_is_refused_in_a_new_namespace_is_refused_before_anything_is_in_it() {
    let settings = format!(
        "{HOST}[environments.NAME.observability]\npod_annotations = {{ \"not a key\" = \"1\" }}\n"
    );
    let Some(site) = Site::new("refused-first", &settings) else {
        return;
    };
    let run = site.check(&["apply", "--yes", "--wait=false"], 3);
    assert!(run.stderr.contains("Deployment/kindred"), "{}", run.stderr);
    assert!(!site.is_there("service/kindred") && !site.is_there("serviceaccount/kindred"));
    site.configure(HOST);
    site.apply(&[]);
}

#[test]
fn an_inventory_that_is_lost_is_that_of_the_newest_release() {
    let with_address = format!("{HOST}[environments.NAME.address]\nkind = \"node-port\"\n");
    let Some(site) = Site::new("lost", &with_address) else {
        return;
    };
    site.apply(&[]);
    let inventory = format!("configmap/kindred-inventory-{}", site.name);
    site.kubectl_ok(&["delete", &inventory]);
    site.configure(HOST);
    assert_eq!(
        site.planned(&["--prune"]),
        ["deleted Service/kindred-public"]
    );
    site.kubectl_ok(&["create", "configmap", "somebodys"]);
    site.check(&["destroy", "--yes"], 0);
    assert!(!site.is_there("deployment/kindred") && !site.is_there("service/kindred-public"));
    assert!(site.is_there("configmap/somebodys"));
}

#[test]
fn going_back_goes_on_where_it_was_interrupted() {
    let (Some(_), Some(site)) = (Site::bed(), Site::new("resumed", HOST)) else {
        return;
    };
    let apply = |image: &str| {
        let image = format!("ghcr.io/example/kindred:{image}");
        site.check(&["apply", "--yes", "--image", &image], 0);
    };
    apply("1");
    apply("2");
    apply("3");
    site.check(&["rollback", "--yes"], 0);
    // As it is where nobody saw the end of it.
    let mut record = site.get(&format!("configmap/kindred-release-{}-4", site.name));
    record["data"]["outcome"] = "applied".into();
    record["metadata"]["managedFields"].take();
    let path = site.place.path("record.json");
    std::fs::write(&path, record.to_string()).unwrap();
    let path = path.to_str().unwrap();
    let as_we = ["--server-side", "--field-manager", "kindred-infra"];
    site.kubectl_ok(&[&["apply", "--filename", path], &as_we[..]].concat());
    site.check(&["rollback", "--yes"], 0);
    let newest = || {
        let history = site.check(&["history"], 0).stdout;
        history.lines().next().unwrap().to_owned()
    };
    assert!(
        newest().starts_with("release 4 ") && newest().ends_with("kindred:2  (release 2 again)"),
        "{}",
        newest()
    );
    site.check(&["rollback", "--yes"], 0);
    assert!(
        newest().ends_with("kindred:1  (release 1 again)"),
        "{}",
        newest()
    );
}
