//! What the host counts, and the text that Prometheus reads.
//!
//! The names of the components are known at the start, statuses and reasons are few: so every series is a number in a fixed place, counting
//! takes no lock and no look-up, and the text is a page of code. A registry would bring both and a dependency.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::HeaderMap;

use crate::gate::{Gate, Refusal};

/// The format of [`Metrics::render`].
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The upper ends of the latency histogram's buckets: from a function that answers out of its own memory to one that waits for a storage far
/// away until its time is over.
const LATENCY_BUCKETS_MICROS: [u64; 15] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000, 30_000_000,
];

const FIRST_STATUS: u16 = 100;
const STATUSES: usize = 500;

/// Everything that is counted.
pub(crate) struct Metrics {
    /// By component, in order of their names.
    components: BTreeMap<Arc<str>, Arc<ComponentMetrics>>,
    /// What the host answers itself: a name in parentheses each.
    own: BTreeMap<&'static str, Requests>,
    refused: Counters<2>,
}

/// Counts of one component.
#[derive(Default)]
pub(crate) struct ComponentMetrics {
    pub(crate) requests: Requests,
    repeated: AtomicU64,
    failures: Counters<{ FailureReason::LABELS.len() }>,
    key_value: Counters<{ KeyValueOperation::LABELS.len() }>,
    outbound: Counters<{ OutboundOutcome::LABELS.len() }>,
    memory_high_water_bytes: AtomicU64,
}

/// Answers by status, and how long they took.
pub(crate) struct Requests {
    statuses: Box<[AtomicU64]>,
    /// One place more than there are buckets, for what took longer than all of them.
    latencies: Counters<{ LATENCY_BUCKETS_MICROS.len() + 1 }>,
    latency_sum_micros: AtomicU64,
}

/// Declares what a label may say: an enum whose variants are places in a row of counters.
macro_rules! labels {
    ($(#[$attribute:meta])* $name:ident { $($(#[$variant_attribute:meta])* $variant:ident => $label:literal,)+ }) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$variant_attribute])* $variant,)+ }

        impl $name {
            /// In the order of the variants.
            const LABELS: &'static [&'static str] = &[$($label,)+];
        }
    };
}

labels! {
    /// Why an instance gave no answer, or not all of one.
    FailureReason {
        Trap => "trap",
        TimeLimit => "time-limit",
        MemoryLimit => "memory-limit",
        /// It returned without an answer, or broke its body off.
        NoAnswer => "no-answer",
        /// The client went away before its answer was complete.
        ClientGone => "client-gone",
    }
}

labels! {
    /// What was asked of a key-value store, and what became of it.
    KeyValueOperation {
        GetHit => "get-hit",
        GetMiss => "get-miss",
        Set => "set",
        Delete => "delete",
        Exists => "exists",
        Keys => "keys",
        Failed => "failed",
    }
}

labels! {
    /// What came of an outbound request.
    OutboundOutcome {
        Informational => "1xx",
        Success => "2xx",
        Redirection => "3xx",
        ClientError => "4xx",
        ServerError => "5xx",
        /// No answer: not connected, reset, too late.
        Failed => "failed",
        /// Not among the component's `allowed_outbound_hosts`.
        Denied => "denied",
    }
}

impl OutboundOutcome {
    pub(crate) fn of_status(status: u16) -> Self {
        match status / 100 {
            1 => Self::Informational,
            2 => Self::Success,
            3 => Self::Redirection,
            4 => Self::ClientError,
            _ => Self::ServerError,
        }
    }
}

/// A row of counters.
struct Counters<const COUNT: usize>([AtomicU64; COUNT]);

impl<const COUNT: usize> Default for Counters<COUNT> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl<const COUNT: usize> Counters<COUNT> {
    /// Counts one more in a place; there is none for a place outside.
    fn count(&self, place: usize) {
        if let Some(counter) = self.0.get(place) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn get(&self, place: usize) -> u64 {
        self.0
            .get(place)
            .map_or(0, |counter| counter.load(Ordering::Relaxed))
    }
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            statuses: std::iter::repeat_with(AtomicU64::default)
                .take(STATUSES)
                .collect(),
            latencies: Counters::default(),
            latency_sum_micros: AtomicU64::new(0),
        }
    }
}

impl Requests {
    fn count(&self, status: u16, latency: Duration) {
        let place = usize::from(status.saturating_sub(FIRST_STATUS));
        if let Some(counter) = self.statuses.get(place) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let bucket = LATENCY_BUCKETS_MICROS.partition_point(|upper_end| *upper_end < micros);
        self.latencies.count(bucket);
        self.latency_sum_micros.fetch_add(micros, Ordering::Relaxed);
    }
}

impl ComponentMetrics {
    pub(crate) fn count_failure(&self, reason: FailureReason) {
        self.failures.count(reason as usize);
    }

    pub(crate) fn count_key_value(&self, operation: KeyValueOperation) {
        self.key_value.count(operation as usize);
    }

    pub(crate) fn count_outbound(&self, outcome: OutboundOutcome) {
        self.outbound.count(outcome as usize);
    }

    /// Notes how large an instance's memory became.
    pub(crate) fn note_memory(&self, bytes: usize) {
        self.memory_high_water_bytes
            .fetch_max(bytes as u64, Ordering::Relaxed);
    }
}

impl Metrics {
    /// Counts for these components, and for those who answer in the host's own name.
    pub(crate) fn new<'a>(components: impl Iterator<Item = &'a str>, own: &[&'static str]) -> Self {
        Self {
            components: components
                .map(|id| (Arc::from(id), Arc::default()))
                .collect(),
            own: own
                .iter()
                .map(|name| (*name, Requests::default()))
                .collect(),
            refused: Counters::default(),
        }
    }

    /// The counts of a component.
    pub(crate) fn component(&self, id: &str) -> Arc<ComponentMetrics> {
        self.components.get(id).cloned().unwrap_or_default()
    }

    /// Counts an answer of a component or, by a name in parentheses, of the host.
    pub(crate) fn count_request(&self, answered_by: &str, status: u16, latency: Duration) {
        let requests = self
            .own
            .get(answered_by)
            .or_else(|| Some(&self.components.get(answered_by)?.requests));
        if let Some(requests) = requests {
            requests.count(status, latency);
        }
    }

    /// Counts an answer that a component computed a second time, by what its header says of it. Its status does not tell: mostly it is a good one.
    pub(crate) fn count_repeated(&self, answered_by: &str, headers: &HeaderMap) {
        if let Some(component) = self.components.get(answered_by)
            && says_repeated(headers)
        {
            component.repeated.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn count_refused(&self, refusal: Refusal) {
        self.refused.count(refusal as usize);
    }

    /// Everything as Prometheus's text format.
    pub(crate) fn render(&self, gate: &Gate) -> String {
        let mut page = Page::default();
        self.render_requests(&mut page);
        page.family(
            "answers_repeated_total",
            "counter",
            "Answers for which a component read everything anew, since something damaged lay in its key-value store.",
        );
        for (id, component) in &self.components {
            let count = component.repeated.load(Ordering::Relaxed);
            page.sample("answers_repeated_total", &labels(id, None), count);
        }
        page.family("requests_in_flight", "gauge", "Instances that live now.");
        page.sample("requests_in_flight", "", gate.in_flight());
        page.family(
            "requests_queued",
            "gauge",
            "Requests that wait for their turn now.",
        );
        page.sample("requests_queued", "", gate.queued());
        page.family(
            "requests_refused_total",
            "counter",
            "Requests that were answered with 503 instead of waiting longer.",
        );
        for (refusal, reason) in [
            (Refusal::QueueFull, "queue-full"),
            (Refusal::WaitedTooLong, "waited-too-long"),
        ] {
            let labels = format!("reason=\"{reason}\"");
            page.sample(
                "requests_refused_total",
                &labels,
                self.refused.get(refusal as usize),
            );
        }
        page.family(
            "instance_memory_high_water_bytes",
            "gauge",
            "The largest memory that an instance has had since the start.",
        );
        for (id, component) in &self.components {
            let bytes = component.memory_high_water_bytes.load(Ordering::Relaxed);
            page.sample("instance_memory_high_water_bytes", &labels(id, None), bytes);
        }
        self.render_counters(
            &mut page,
            (
                "instance_failures_total",
                "reason",
                "Instances that gave no answer, or not all of one.",
            ),
            FailureReason::LABELS,
            |component, place| component.failures.get(place),
        );
        self.render_counters(
            &mut page,
            (
                "key_value_operations_total",
                "operation",
                "What components asked of their key-value stores.",
            ),
            KeyValueOperation::LABELS,
            |component, place| component.key_value.get(place),
        );
        self.render_counters(
            &mut page,
            (
                "outbound_requests_total",
                "outcome",
                "HTTP requests that components sent.",
            ),
            OutboundOutcome::LABELS,
            |component, place| component.outbound.get(place),
        );
        page.text
    }

    fn render_requests(&self, page: &mut Page) {
        let all = || {
            let own = self.own.iter().map(|(name, requests)| (*name, requests));
            let components = self.components.iter();
            own.chain(components.map(|(id, component)| (&**id, &component.requests)))
        };
        page.family(
            "requests_total",
            "counter",
            "Answers, by who gave them and with which status.",
        );
        for (name, requests) in all() {
            for (status, counter) in (FIRST_STATUS..).zip(&requests.statuses) {
                let count = counter.load(Ordering::Relaxed);
                if count != 0 {
                    page.sample(
                        "requests_total",
                        &labels(name, Some(("status", &status))),
                        count,
                    );
                }
            }
        }
        page.family(
            "request_duration_seconds",
            "histogram",
            "From a request's headers to those of its answer.",
        );
        for (name, requests) in all() {
            let mut total = 0;
            for (place, upper_end_micros) in LATENCY_BUCKETS_MICROS.iter().enumerate() {
                total += requests.latencies.get(place);
                let upper_end = *upper_end_micros as f64 / 1e6;
                page.sample(
                    "request_duration_seconds_bucket",
                    &labels(name, Some(("le", &upper_end))),
                    total,
                );
            }
            let count = total + requests.latencies.get(LATENCY_BUCKETS_MICROS.len());
            let sum = requests.latency_sum_micros.load(Ordering::Relaxed) as f64 / 1e6;
            page.sample(
                "request_duration_seconds_bucket",
                &labels(name, Some(("le", &"+Inf"))),
                count,
            );
            page.sample("request_duration_seconds_sum", &labels(name, None), sum);
            page.sample("request_duration_seconds_count", &labels(name, None), count);
        }
    }

    fn render_counters(
        &self,
        page: &mut Page,
        (family, label, help): (&str, &str, &str),
        values: &[&str],
        get: impl Fn(&ComponentMetrics, usize) -> u64,
    ) {
        page.family(family, "counter", help);
        for (id, component) in &self.components {
            for (place, value) in values.iter().enumerate() {
                page.sample(
                    family,
                    &labels(id, Some((label, value))),
                    get(component, place),
                );
            }
        }
    }
}

/// Whether `Server-Timing` has the metric `repeated`.
fn says_repeated(headers: &HeaderMap) -> bool {
    let values = headers.get_all("server-timing").iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|metric| metric.split(';').next().map(str::trim) == Some("repeated"))
}

/// The labels of a sample. A component's id is kebab-case, so nothing has to be escaped.
fn labels(component: &str, other: Option<(&str, &dyn Display)>) -> String {
    match other {
        Some((name, value)) => format!("component=\"{component}\",{name}=\"{value}\""),
        None => format!("component=\"{component}\""),
    }
}

/// What every name begins with.
const PREFIX: &str = "kindred_host_";

/// The text as it grows. Writing to a String cannot fail.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {PREFIX}{name} {help}");
        let _ = writeln!(self.text, "# TYPE {PREFIX}{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = if labels.is_empty() {
            writeln!(self.text, "{PREFIX}{name} {value}")
        } else {
            writeln!(self.text, "{PREFIX}{name}{{{labels}}} {value}")
        };
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::Limits;

    fn server_timing(value: &'static str) -> HeaderMap {
        let name = HeaderName::from_static("server-timing");
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn an_answer_is_repeated_where_its_header_has_a_metric_of_that_name() {
        for (value, expected) in [
            ("repeated", true),
            ("total;dur=3.21, repeated;desc=\"without the cache\"", true),
            ("cache;desc=\"hits: 1 of 2, failing\", repeated", true),
            ("total;desc=\"repeated\"", false),
            ("repeated-not;dur=1", false),
            ("", false),
        ] {
            assert_eq!(says_repeated(&server_timing(value)), expected, "{value}");
        }
        assert!(!says_repeated(&HeaderMap::new()));
    }

    #[test]
    fn what_was_counted_is_on_the_page() {
        let metrics = Metrics::new(["recommend"].into_iter(), &["(host)"]);
        metrics.count_request("recommend", 200, Duration::from_micros(250));
        metrics.count_request("recommend", 200, Duration::from_micros(251));
        metrics.count_request("recommend", 504, Duration::from_mins(1));
        metrics.count_request("(host)", 200, Duration::from_millis(3));
        metrics.count_request("nobody", 200, Duration::ZERO);
        metrics.count_repeated("recommend", &server_timing("repeated"));
        metrics.count_repeated("recommend", &server_timing("total;dur=3"));
        metrics.count_repeated("nobody", &server_timing("repeated"));
        metrics.count_refused(Refusal::WaitedTooLong);
        let component = metrics.component("recommend");
        component.count_failure(FailureReason::TimeLimit);
        component.count_key_value(KeyValueOperation::GetHit);
        component.count_outbound(OutboundOutcome::of_status(206));
        component.note_memory(4096);
        component.note_memory(1024);

        let page = metrics.render(&Gate::new(&Limits::default()));
        for expected in [
            "# TYPE kindred_host_requests_total counter",
            "kindred_host_requests_total{component=\"recommend\",status=\"200\"} 2",
            "kindred_host_requests_total{component=\"recommend\",status=\"504\"} 1",
            "kindred_host_requests_total{component=\"(host)\",status=\"200\"} 1",
            "kindred_host_request_duration_seconds_bucket{component=\"recommend\",le=\"0.00025\"} 1",
            "kindred_host_request_duration_seconds_bucket{component=\"recommend\",le=\"0.0005\"} 2",
            "kindred_host_request_duration_seconds_bucket{component=\"recommend\",le=\"30\"} 2",
            "kindred_host_request_duration_seconds_bucket{component=\"recommend\",le=\"+Inf\"} 3",
            "kindred_host_request_duration_seconds_count{component=\"recommend\"} 3",
            "kindred_host_request_duration_seconds_sum{component=\"recommend\"} 60.000501",
            "kindred_host_answers_repeated_total{component=\"recommend\"} 1",
            "kindred_host_requests_in_flight 0",
            "kindred_host_requests_refused_total{reason=\"queue-full\"} 0",
            "kindred_host_requests_refused_total{reason=\"waited-too-long\"} 1",
            "kindred_host_instance_failures_total{component=\"recommend\",reason=\"time-limit\"} 1",
            "kindred_host_instance_memory_high_water_bytes{component=\"recommend\"} 4096",
            "kindred_host_key_value_operations_total{component=\"recommend\",operation=\"get-hit\"} 1",
            "kindred_host_outbound_requests_total{component=\"recommend\",outcome=\"2xx\"} 1",
        ] {
            assert!(
                page.lines().any(|line| line == expected),
                "{expected} is not in\n{page}"
            );
        }
    }
}
