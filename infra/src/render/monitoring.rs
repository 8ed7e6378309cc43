//! What Prometheus reads of `host`, what it warns of, and a dashboard (<https://prometheus-operator.dev/docs/api-reference/api/>).

use serde_json::{Value, json};

use crate::model::{Model, NAME};
use crate::object::Object;

/// Where `host` serves its metrics.
pub(super) const METRICS_PORT: u16 = 9090;

/// The label by which Grafana's sidecar finds dashboards (<https://github.com/kiwigrid/k8s-sidecar>).
const DASHBOARD_LABEL: &str = "grafana_dashboard";

/// Answers with a status of the server's own fault, as a share of all.
const ERRORS: &str = "sum(rate(kindred_host_requests_total{SELECT,status=~\"5..\"}[5m])) / sum(rate(kindred_host_requests_total{SELECT}[5m]))";

/// How long 99 of 100 requests take at most.
const SLOWEST: &str = "histogram_quantile(0.99, sum by (le) (rate(kindred_host_request_duration_seconds_bucket{SELECT}[5m])))";

/// Requests that nobody had time for, a second.
const REFUSED: &str = "sum(rate(kindred_host_requests_refused_total{SELECT}[5m]))";

/// Requests of functions that brought nothing: mostly the bucket's, as a share of all.
const OUTBOUND_ERRORS: &str = "sum(rate(kindred_host_outbound_requests_total{SELECT,outcome=~\"5xx|failed\"}[5m])) / sum(rate(kindred_host_outbound_requests_total{SELECT}[5m]))";

/// How long after the last success of its `CronJob`, in seconds, a job began that failed, by the metrics of kube-state-metrics, which every installation of Prometheus in a cluster
/// has (<https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics/workload>). A Job is a failed one for as long as it is there: that somebody succeeded since is what
/// ends it. The first build, which has no `CronJob`, does what those of the night do.
const FAILED_JOBS: &str = concat!(
    "max by (cronjob) (label_replace(label_replace(",
    "kube_job_status_start_time{SELECT} and on (job_name) kube_job_failed{SELECT,condition=\"true\"} == 1, ",
    "\"cronjob\", \"kindred-nightly\", \"job_name\", \"kindred-(nightly|build)-.*\"), ",
    "\"cronjob\", \"kindred-weekly\", \"job_name\", \"kindred-weekly-.*\")) ",
    "- on (cronjob) max by (cronjob) (",
    // Of one that never succeeded, the beginning of time.
    "kube_cronjob_status_last_successful_time{SELECT} or 0 * kube_cronjob_created{SELECT})"
);

/// What is worth waking somebody, or looking at the next day: name, expression, for how long, how bad, and what it means.
const ALERTS: [(&str, &str, &str, &str, &str, &str); 6] = [
    (
        "KindredErrors",
        ERRORS,
        "0.01",
        "10m",
        "critical",
        "more than one of a hundred requests ends in an error",
    ),
    (
        "KindredRefuses",
        REFUSED,
        "0",
        "10m",
        "warning",
        "requests are refused since all replicas are busy: raise maximum_replicas",
    ),
    (
        "KindredSlow",
        SLOWEST,
        "1",
        "10m",
        "warning",
        "one of a hundred requests takes longer than a second",
    ),
    (
        "KindredStorageFails",
        OUTBOUND_ERRORS,
        "0.05",
        "10m",
        "warning",
        "one of twenty requests to the storage fails: answers may be stale",
    ),
    (
        "KindredDamagedCache",
        "sum(increase(kindred_host_answers_repeated_total{SELECT}[1h]))",
        "0",
        "1m",
        "warning",
        "something damaged lay in a key-value store, and was read anew",
    ),
    (
        "KindredJobFailed",
        FAILED_JOBS,
        "0",
        "1m",
        "warning",
        "a job failed, and none of its kind has succeeded since: index files are not renewed",
    ),
];

/// What the dashboard shows: a title, what is measured, its unit, and the name of a line.
const PANELS: [(&str, &str, &str, &str); 6] = [
    (
        "Requests a second",
        "sum by (component) (rate(kindred_host_requests_total{SELECT}[5m]))",
        "reqps",
        "{{component}}",
    ),
    ("Errors", ERRORS, "percentunit", "of all requests"),
    ("Time of 99 of 100 requests", SLOWEST, "s", "at most"),
    (
        "Requests that are served now, and that wait",
        "sum by (__name__) ({__name__=~\"kindred_host_requests_in_flight|kindred_host_requests_queued\",SELECT})",
        "short",
        "{{__name__}}",
    ),
    (
        "Requests to the storage a second",
        "sum by (outcome) (rate(kindred_host_outbound_requests_total{SELECT}[5m]))",
        "reqps",
        "{{outcome}}",
    ),
    (
        "Largest memory of an instance",
        "max by (component) (kindred_host_instance_memory_high_water_bytes{SELECT})",
        "bytes",
        "{{component}}",
    ),
];

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    if !model.environment.observability.prometheus {
        return Vec::new();
    }
    vec![pod_monitor(model), rules(model), dashboard(model)]
}

/// An expression over the metrics of the environment alone.
fn of_environment(model: &Model<'_>, expression: &str) -> String {
    expression.replace("SELECT", &format!("namespace=\"{}\"", model.namespace))
}

/// An object for Prometheus' operator, with the labels by which that selects it.
pub(super) fn of_operator(model: &Model<'_>, kind: &str, name: &str, content: Value) -> Object {
    let api = ["monitoring.coreos.com/v1", kind];
    let object = Object::new(model, "monitoring", api, name, content);
    let labels = &model.environment.observability.prometheus_labels;
    let labels = labels.iter();
    labels.fold(object, |object, (key, value)| object.with_label(key, value))
}

fn pod_monitor(model: &Model<'_>) -> Object {
    let content = json!({ "spec": {
        "selector": { "matchLabels": model.pod_labels() },
        "podMetricsEndpoints": [{ "port": "metrics" }],
    } });
    of_operator(model, "PodMonitor", NAME, content)
}

fn rules(model: &Model<'_>) -> Object {
    let rule = |(name, expression, limit, lasting, severity, summary): &(
        &str,
        &str,
        &str,
        &str,
        &str,
        &str,
    )| {
        json!({
            "alert": name,
            "expr": format!("{} > {limit}", of_environment(model, expression)),
            "for": lasting,
            "labels": { "severity": severity, "environment": model.environment_name },
            "annotations": { "summary": summary },
        })
    };
    let rules: Vec<Value> = ALERTS.iter().map(rule).collect();
    let content = json!({ "spec": { "groups": [{ "name": NAME, "rules": rules }] } });
    of_operator(model, "PrometheusRule", NAME, content)
}

fn dashboard(model: &Model<'_>) -> Object {
    let panel = |(place, (title, expression, unit, line)): (usize, &(&str, &str, &str, &str))| {
        json!({
            "id": place + 1,
            "type": "timeseries",
            "title": title,
            // Two beside each other, of the 24 columns that Grafana has.
            "gridPos": { "x": place % 2 * 12, "y": place / 2 * 8, "w": 12, "h": 8 },
            "fieldConfig": { "defaults": { "unit": unit, "min": 0 }, "overrides": [] },
            "targets": [{ "refId": "A", "expr": of_environment(model, expression), "legendFormat": line }],
        })
    };
    let panels: Vec<Value> = PANELS.iter().enumerate().map(panel).collect();
    let dashboard = json!({
        "uid": format!("{NAME}-{}", model.environment_name),
        "title": format!("Kindred: {}", model.environment_name),
        "time": { "from": "now-6h", "to": "now" },
        "refresh": "1m",
        "schemaVersion": 39,
        "panels": panels,
    });
    let file = format!("{NAME}-{}.json", model.environment_name);
    let content = json!({ "data": { file: format!("{dashboard:#}\n") } });
    let name = format!("{NAME}-dashboard");
    let dashboard = Object::new(model, "monitoring", ["v1", "ConfigMap"], &name, content);
    dashboard.with_label(DASHBOARD_LABEL, "1")
}

#[cfg(test)]
mod tests {
    use super::{ALERTS, PANELS};

    /// What `host` serves.
    const SERVED: &str = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../host/src/metrics.rs"
    ));

    #[test]
    fn what_is_measured_is_what_host_serves() {
        let alerts = ALERTS.iter().map(|alert| alert.1);
        let expressions = alerts.chain(PANELS.iter().map(|panel| panel.1));
        let mut num_names = 0;
        for expression in expressions {
            for rest in expression.split("kindred_host_").skip(1) {
                let is_of_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
                let name = rest.split(|letter| !is_of_name(letter)).next().unwrap();
                let family = name.trim_end_matches("_bucket");
                assert!(SERVED.contains(&format!("\"{family}\"")), "{name}");
                num_names += 1;
            }
        }
        assert!(ALERTS.len() + PANELS.len() <= num_names + 1);
        for outcome in ["5xx", "failed"] {
            assert!(SERVED.contains(&format!("\"{outcome}\"")));
        }
    }
}
