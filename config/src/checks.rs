//! Rules about single values, applied while they are read, so that the error knows the value's place in the file.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::Source;

/// A number between 0 and 1, both included.
pub(crate) fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let share = f64::deserialize(deserializer)?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err(D::Error::custom(format!(
            "{share} is not a share: write a number from 0 to 1, such as 0.1 for 10 %"
        )))
    }
}

/// What is left of such numbers, their sums and their products in 32 bits.
const POSITIVE: RangeInclusive<f64> = 1e-12..=1e12;

/// A number above 0 that is neither 0 nor infinite where learning computes.
pub(crate) fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let number = f64::deserialize(deserializer)?;
    if POSITIVE.contains(&number) {
        Ok(number)
    } else if number <= 0.0 {
        Err(D::Error::custom(format!(
            "{number} is too small: write a number above 0"
        )))
    } else {
        let (least, most) = (POSITIVE.start(), POSITIVE.end());
        Err(D::Error::custom(format!(
            "write a number from {least:e} to {most:e}, not {number:e}"
        )))
    }
}

/// A whole number from 1.
pub(crate) fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        0 => Err(D::Error::custom(
            "0 is too small: write a whole number from 1",
        )),
        number => Ok(number),
    }
}

/// The same, where it is there.
pub(crate) fn some_at_least_one<'de, D>(deserializer: D) -> Result<Option<u32>, D::Error>
where
    D: Deserializer<'de>,
{
    at_least_one(deserializer).map(Some)
}

/// 1 to 64.
pub(crate) fn dimensions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(u32::deserialize(deserializer)?, 1..=64)
}

/// 0 to 1000.
pub(crate) fn latent_dimensions<'de, D>(deserializer: D) -> Result<u32, D::Error>
where
    D: Deserializer<'de>,
{
    within(u32::deserialize(deserializer)?, 0..=1000)
}

/// 2 to 6: what rules of more items say, those of fewer say as well, and there are too many of them.
pub(crate) fn rule_len<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(u32::deserialize(deserializer)?, 2..=6)
}

/// 1 to 1000, as many as an index file has.
pub(crate) fn popular_count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(u32::deserialize(deserializer)?, 1..=1000)
}

/// 1 to 200, as many as an index file has.
pub(crate) fn onboarding_count<'de, D>(deserializer: D) -> Result<u32, D::Error>
where
    D: Deserializer<'de>,
{
    within(u32::deserialize(deserializer)?, 1..=200)
}

/// A finite number from 0.
pub(crate) fn not_negative<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let number = f64::deserialize(deserializer)?;
    if (0.0..=*POSITIVE.end()).contains(&number) {
        Ok(number)
    } else {
        Err(D::Error::custom(format!(
            "write a number from 0 to 1e12, not {number}"
        )))
    }
}

/// 1 to 255, where it is there.
pub(crate) fn cluster_count<'de, D>(deserializer: D) -> Result<Option<u32>, D::Error>
where
    D: Deserializer<'de>,
{
    within(u32::deserialize(deserializer)?, 1..=255).map(Some)
}

fn within<E: Error>(number: u32, numbers: RangeInclusive<u32>) -> Result<u32, E> {
    if numbers.contains(&number) {
        Ok(number)
    } else {
        let (minimum, maximum) = numbers.into_inner();
        Err(E::custom(format!(
            "write a number from {minimum} to {maximum}, not {number}"
        )))
    }
}

/// A finite number of at least 1.
pub(crate) fn confidence<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let number = f64::deserialize(deserializer)?;
    if (1.0..=*POSITIVE.end()).contains(&number) {
        Ok(number)
    } else {
        Err(D::Error::custom(format!(
            "write a number from 1 to 1e12, not {number}"
        )))
    }
}

/// The most splits one below the other that an index file may have.
pub(crate) const TREE_DEPTH_MAX: u32 = 200;

/// A whole number from 1 to [`TREE_DEPTH_MAX`].
pub(crate) fn tree_depth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let depth = at_least_one(deserializer)?;
    if depth <= TREE_DEPTH_MAX {
        Ok(depth)
    } else {
        Err(D::Error::custom(format!(
            "{depth} is too large: write a whole number up to {TREE_DEPTH_MAX}"
        )))
    }
}

/// A whole number from 2.
pub(crate) fn at_least_two<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        number if number < 2 => Err(D::Error::custom(format!(
            "{number} is too small: write a whole number from 2"
        ))),
        number => Ok(number),
    }
}

/// A list with something in it.
pub(crate) fn not_empty<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list = Vec::deserialize(deserializer)?;
    if list.is_empty() {
        Err(D::Error::custom(
            "the list is empty: write at least one value",
        ))
    } else {
        Ok(list)
    }
}

/// A list of whole numbers from 1, with something in it.
pub(crate) fn each_at_least_one<'de, D>(deserializer: D) -> Result<Vec<u32>, D::Error>
where
    D: Deserializer<'de>,
{
    let numbers = not_empty(deserializer)?;
    if numbers.contains(&0) {
        Err(D::Error::custom(
            "0 is too small: write whole numbers from 1",
        ))
    } else {
        Ok(numbers)
    }
}

/// The path of a folder or an archive, which a bucket's address is not.
pub(crate) fn folder_or_zip<'de, D>(deserializer: D) -> Result<PathBuf, D::Error>
where
    D: Deserializer<'de>,
{
    match Source::deserialize(deserializer)? {
        Source::Path(path) => Ok(path),
        other => Err(D::Error::custom(format!(
            "a part cannot be read from `{other}`: write a folder or a .zip; a bucket can only be a collection's one source"
        ))),
    }
}

/// The URL of an endpoint, without a slash at its end.
pub(crate) fn endpoint<'de, D>(deserializer: D) -> Result<Option<String>, D::Error>
where
    D: Deserializer<'de>,
{
    web_address(deserializer).map(Some)
}

/// An `http` or `https` URL, without a slash at its end.
pub(crate) fn web_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let url = String::deserialize(deserializer)?;
    let authority = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"));
    if authority.is_some_and(|authority| !authority.trim_matches('/').is_empty()) {
        Ok(url.trim_end_matches('/').to_owned())
    } else {
        Err(D::Error::custom(format!(
            "`{url}` is not a web address: write one such as `http://127.0.0.1:9000`"
        )))
    }
}

/// A text that keeps a rule; what breaks it is quoted before the advice.
fn text<'de, D: Deserializer<'de>>(
    deserializer: D,
    keeps_rule: impl Fn(&str) -> bool,
    advice: &str,
) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if keeps_rule(&text) {
        Ok(text)
    } else {
        Err(D::Error::custom(format!("`{text}` {advice}")))
    }
}

/// A bucket's name. The rules are S3's; some compatible stores allow more, but a name that works everywhere costs nothing.
pub(crate) fn bucket<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let allowed = |byte: u8| is_name_byte(byte) || byte == b'.';
    text(
        deserializer,
        |name| (3..=63).contains(&name.len()) && name.bytes().all(allowed),
        "is not a bucket's name: write 3 to 63 lower-case letters, digits, dots and hyphens",
    )
}

/// Whether a name may have this in it, wherever it stands.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

/// Whether a text can be a part of URLs and of keys: lower-case letters, digits and hyphens, of which there is one.
pub(crate) fn is_key_part(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_name_byte)
}

/// Whether a text is the name of a thing in a cluster (RFC 1123): 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends.
pub fn is_dns_label(name: &str) -> bool {
    name.len() <= 63 && is_key_part(name) && !name.starts_with('-') && !name.ends_with('-')
}

/// What is said of a text that is not.
const NO_DNS_LABEL: &str = "is no name in a cluster: write 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends";

/// The name of a thing in a cluster, where it is there.
pub(crate) fn dns_label<'de, D>(deserializer: D) -> Result<Option<String>, D::Error>
where
    D: Deserializer<'de>,
{
    text(deserializer, is_dns_label, NO_DNS_LABEL).map(Some)
}

/// Names of things in a cluster.
pub(crate) fn dns_labels<'de, D>(deserializer: D) -> Result<Vec<String>, D::Error>
where
    D: Deserializer<'de>,
{
    let names = Vec::<String>::deserialize(deserializer)?;
    match names.iter().find(|name| !is_dns_label(name)) {
        Some(name) => Err(D::Error::custom(format!("`{name}` {NO_DNS_LABEL}"))),
        None => Ok(names),
    }
}

/// Whether a text is the name of an object (<https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names>).
fn is_object_name(name: &str) -> bool {
    let is_part = |part: &str| is_key_part(part) && !part.starts_with('-') && !part.ends_with('-');
    name.len() <= 253 && name.split('.').all(is_part)
}

/// Names of objects such as Secrets, which may have dots in them.
pub(crate) fn object_names<'de, D>(deserializer: D) -> Result<Vec<String>, D::Error>
where
    D: Deserializer<'de>,
{
    let names = Vec::<String>::deserialize(deserializer)?;
    match names.iter().find(|name| !is_object_name(name)) {
        Some(name) => Err(D::Error::custom(format!(
            "`{name}` is no name of an object: write 1 to 253 lower-case letters, digits, hyphens and dots, with a letter or digit at both ends and beside dots"
        ))),
        None => Ok(names),
    }
}

/// Labels beside those that all objects have (<https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>).
pub(crate) fn labels<'de, D>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error>
where
    D: Deserializer<'de>,
{
    let labels = BTreeMap::<String, String>::deserialize(deserializer)?;
    for (key, value) in &labels {
        let (prefix, name) = match key.split_once('/') {
            Some((prefix, name)) => (Some(prefix), name),
            None => (None, key.as_str()),
        };
        if prefix == Some(OWN_LABELS) {
            return Err(D::Error::custom(format!(
                "`{key}` is a label by which the objects of an environment are known: write another one"
            )));
        }
        if name.is_empty() || !is_label_text(name) || !prefix.is_none_or(is_object_name) {
            return Err(D::Error::custom(format!(
                "`{key}` is no label: write 1 to 63 letters, digits, hyphens, underscores and dots, with a letter or digit at both ends; a domain and a slash may stand before"
            )));
        }
        if !is_label_text(value) {
            return Err(D::Error::custom(format!(
                "`{value}` is no value of the label `{key}`: write up to 63 letters, digits, hyphens, underscores and dots, with a letter or digit at both ends"
            )));
        }
    }
    Ok(labels)
}

/// What the labels begin with that all objects of an environment have.
const OWN_LABELS: &str = "app.kubernetes.io";

/// Whether a text can be a label's value, or the name of a label where it is not empty.
fn is_label_text(text: &str) -> bool {
    let is_at_end = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    bytes.len() <= 63
        && bytes.iter().all(allowed)
        && is_at_end(bytes.first())
        && is_at_end(bytes.last())
}

/// The name of a host, such as `api.example.org`.
pub(crate) fn some_host_name<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    let keeps_rule = |name: &str| name.len() <= 253 && name.split('.').all(is_dns_label);
    let advice = "is not the name of a host: write one such as `api.example.org`";
    text(deserializer, keeps_rule, advice)
}

/// The same, where it is there.
pub(crate) fn host_name<'de, D>(deserializer: D) -> Result<Option<String>, D::Error>
where
    D: Deserializer<'de>,
{
    some_host_name(deserializer).map(Some)
}

/// An amount as Kubernetes writes it: a number and a unit.
pub(crate) fn quantity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(
        deserializer,
        is_quantity,
        "is no amount: write one such as `250m` of processors or `128Mi` of memory",
    )
}

fn is_quantity(quantity: &str) -> bool {
    amount(quantity).is_some_and(|amount| 0.0 < amount)
}

/// The units of amounts, and how much each is.
const UNITS: [(&str, f64); 10] = [
    ("", 1.0),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
];

/// How much an amount of Kubernetes is, such as `4Gi`, if it is one (<https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>).
pub fn amount(quantity: &str) -> Option<f64> {
    let digits = quantity.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = quantity.strip_prefix(digits)?;
    let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let number: f64 = digits.parse().ok()?;
    Some(number * unit)
}

/// That what a pod of a table of the configuration is sure to have of memory is not above where it is stopped: no cluster takes that.
pub(crate) fn memory(table: &str, request: &str, limit: &str) -> Result<(), String> {
    if amount(request) <= amount(limit) {
        return Ok(());
    }
    Err(format!(
        "`{table}.memory_request`, {request}, is above `{table}.memory_limit`, {limit}: raise the limit, or lower the request"
    ))
}

/// A SHA-256 as people write it, where it is there.
pub(crate) fn sha256<'de, D>(deserializer: D) -> Result<Option<String>, D::Error>
where
    D: Deserializer<'de>,
{
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text(
        deserializer,
        |digits| digits.len() == 64 && digits.bytes().all(is_digit),
        "is no SHA-256: it has 64 hexadecimal digits, in lower case",
    )
    .map(Some)
}

/// A source in a bucket.
pub(crate) fn in_bucket<'de, D>(deserializer: D) -> Result<Option<Source>, D::Error>
where
    D: Deserializer<'de>,
{
    match Source::deserialize(deserializer)? {
        source @ Source::S3 { .. } => Ok(Some(source)),
        other => Err(D::Error::custom(format!(
            "`{other}` is not in a bucket: write s3://bucket/prefix"
        ))),
    }
}

/// A key's prefix, without slashes at its ends.
pub(crate) fn prefix<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map(|prefix| prefix.trim_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::amount;

    #[test]
    fn an_amount_is_so_many_bytes() {
        for (quantity, expected) in [
            ("4Gi", Some(4_294_967_296.0)),
            ("1.5G", Some(1_500_000_000.0)),
            ("512Mi", Some(536_870_912.0)),
            ("1000", Some(1000.0)),
            ("2000m", Some(2.0)),
            ("4 GiB", None),
        ] {
            assert_eq!(amount(quantity), expected, "{quantity}");
        }
    }
}
