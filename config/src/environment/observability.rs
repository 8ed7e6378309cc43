//! How one sees what happens in the cluster.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{ApplicationSettings, Form};
use crate::checks;

/// How one sees what happens: `[environments.NAME.observability]`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Observability {
    /// Where a shim sends traces and metrics, as OpenTelemetry has them (OTLP). Not given: nowhere.
    #[serde(deserialize_with = "checks::endpoint")]
    pub open_telemetry: Option<String>,
    /// Whether Prometheus, by its operator, reads the metrics of `host`, with alerts and a dashboard. Default: false.
    pub prometheus: bool,
    /// Labels by which Prometheus' operator selects what it reads and what it warns of: kube-prometheus-stack goes by its `release`. Default: none.
    #[serde(deserialize_with = "checks::labels")]
    pub prometheus_labels: BTreeMap<String, String>,
    /// What pods tell whoever collects their logs, such as `"fluentbit.io/parser" = "json"`.
    pub pod_annotations: BTreeMap<String, String>,
}

impl Observability {
    /// Applies the rules that need more than one value: a shim and `host` are seen by different means.
    pub(super) fn check(&self, application: &ApplicationSettings) -> Result<(), String> {
        if self.prometheus && application.form != Form::Host {
            return Err(
                "only the form `host` has metrics for Prometheus: write `open_telemetry` for a shim"
                    .to_owned(),
            );
        }
        if self.open_telemetry.is_some() && !application.host_image.is_empty() {
            return Err(
                "`host` sends nothing to OpenTelemetry: write `prometheus` with the form `host`"
                    .to_owned(),
            );
        }
        Ok(())
    }
}
