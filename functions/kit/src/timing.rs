//! What an answer cost, as its header `Server-Timing` says it.

use std::time::Duration;

use crate::{
    context::Context,
    storage::{Costs, SharedUsage},
};

/// The header: reading from the storage, what earlier requests had left, the age of the pointer, and the whole.
pub(crate) fn server_timing(context: &Context<'_>, is_repeated: bool, total: Duration) -> String {
    let Costs {
        round_trips,
        requests,
        second_attempts,
        len_bytes,
        duration,
    } = context.storage().costs();
    let mut parts = vec![format!(
        "storage;desc=\"round trips: {round_trips}, GETs: {requests}, bytes: {len_bytes}\";dur={}",
        milliseconds(duration)
    )];
    if 0 < second_attempts {
        parts.push(format!("second-attempts;desc=\"{second_attempts}\""));
    }
    if let Some(store) = context.store() {
        let SharedUsage {
            lookups,
            hits,
            duration,
        } = store.usage();
        let failing = if store.is_failing() { ", failing" } else { "" };
        parts.push(format!(
            "cache;desc=\"hits: {hits} of {lookups}{failing}\";dur={}",
            milliseconds(duration)
        ));
    }
    if let Some(age) = context.pointer_age() {
        let stale = if context.is_stale() { ", stale" } else { "" };
        parts.push(format!(
            "pointer;desc=\"age: {} ms{stale}\"",
            age.as_millis()
        ));
    }
    if is_repeated {
        parts.push("repeated;desc=\"without the cache\"".to_owned());
    }
    parts.push(format!("total;dur={}", milliseconds(total)));
    parts.join(", ")
}

/// To a hundredth; more would be noise.
fn milliseconds(duration: Duration) -> String {
    let hundredths = duration.as_micros() / 10;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
