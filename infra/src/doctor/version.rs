//! Which cluster answers, and of which version it is.

use super::{Check, Live};

/// The minor version of Kubernetes 1 that what is rendered needs: how pods of Jobs may fail and when unready pods may be evicted is stable since then
/// (<https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates-removed/>).
const MINIMUM_MINOR: u32 = 31;

pub(super) fn check(live: &Live) -> Check {
    let name = "cluster";
    let place = &live.place;
    let version = &live.version;
    let text = |key: &str| version[key].as_str().unwrap_or_default();
    let found = format!(
        "Kubernetes {} at {} (context {}), as {}",
        text("gitVersion"),
        place.server,
        place.context,
        place.user
    );
    // Some who run clusters for others write `31+`.
    let minor = text("minor").trim_end_matches('+').parse::<u32>();
    match (text("major"), minor) {
        ("1", Ok(minor)) if minor < MINIMUM_MINOR => Check::missing(
            name,
            found,
            format!("upgrade it to 1.{MINIMUM_MINOR}, which what is rendered needs"),
        ),
        ("1", Ok(_)) => Check::ok(name, found),
        _ => Check::doubtful(
            name,
            found,
            format!(
                "see that it is at least Kubernetes 1.{MINIMUM_MINOR}, which what is rendered needs"
            ),
        ),
    }
}
