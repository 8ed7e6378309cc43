//! AWS Signature Version 4, as far as a presigned GET needs it.
//!
//! Our own, because a function is to stay small: `rusty-s3` brings an address parser with the tables of international domain names, and a calendar. A module that
//! does nothing but sign with it has 479 kB (`opt-level = "s"`, LTO, wasm32-wasip1); this is about 12, most of it SHA-256. The tests hold it against `rusty-s3`.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::address::Address;
use crate::query::percent_encode;

/// As whom we ask.
#[derive(Clone)]
pub struct Credentials {
    /// Who.
    pub access_key_id: String,
    /// The proof.
    pub secret_access_key: String,
    /// Where the two are only lent.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    /// Without the secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Credentials({})", self.access_key_id)
    }
}

/// The path and query that anybody may GET for `lifetime_seconds` from `date_time` on, written as by [`date_time`].
pub(super) fn presign(
    address: &Address,
    credentials: &Credentials,
    region: &str,
    date_time: &str,
    lifetime_seconds: u32,
) -> String {
    let date = date_time.get(..8).unwrap_or_default();
    let scope = format!("{date}/{region}/s3/aws4_request");
    let credential = format!("{}/{scope}", credentials.access_key_id);
    // In the order of their names, as the signature wants them.
    let mut query = format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}&X-Amz-Date={date_time}&X-Amz-Expires={lifetime_seconds}",
        percent_encode(&credential, b""),
    );
    if let Some(token) = &credentials.session_token {
        query.push_str("&X-Amz-Security-Token=");
        query.push_str(&percent_encode(token, b""));
    }
    query.push_str("&X-Amz-SignedHeaders=host");

    let Address { authority, path } = address;
    let request = format!("GET\n{path}\n{query}\nhost:{authority}\n\nhost\nUNSIGNED-PAYLOAD");
    let digest = hexadecimal(&Sha256::digest(request.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date_time}\n{scope}\n{digest}");

    let mut key = format!("AWS4{}", credentials.secret_access_key).into_bytes();
    for part in [date, region, "s3", "aws4_request"] {
        key = keyed_hash(&key, part);
    }
    let signature = hexadecimal(&keyed_hash(&key, &to_sign));
    format!("{path}?{query}&X-Amz-Signature={signature}")
}

/// A point in time as `20261121T125500Z`.
pub(super) fn date_time(unix_seconds: u64) -> String {
    let (days, seconds) = (unix_seconds / 86_400, unix_seconds % 86_400);
    let (year, month, day) = civil_date(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Year, month and day of a number of days since 1970. The year is counted from March, so that the leap day is the last of it.
///
/// Howard Hinnant: chrono-compatible low-level date algorithms, `civil_from_days`, for dates from 1970 on.
fn civil_date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = if months_since_march < 10 {
        months_since_march + 3
    } else {
        months_since_march - 9
    };
    let year = 400 * era + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

fn keyed_hash(key: &[u8], message: &str) -> Vec<u8> {
    let mut hash = Hmac::<Sha256>::new_from_slice(key)
        .expect("HMAC takes keys of any length, so none is refused");
    hash.update(message.as_bytes());
    hash.finalize().into_bytes().to_vec()
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rusty_s3::S3Action;

    use super::*;
    use crate::storage::{Addressing, Endpoint, S3Bucket};

    #[test]
    fn a_point_in_time_has_its_date() {
        for (unix_seconds, expected) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"),
            (1_795_265_700, "20261121T125500Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(date_time(unix_seconds), expected);
        }
    }

    #[test]
    fn signs_as_rusty_s3_does() {
        for (addressing, style) in [
            (Addressing::Path, rusty_s3::UrlStyle::Path),
            (Addressing::VirtualHost, rusty_s3::UrlStyle::VirtualHost),
        ] {
            for (endpoint, key, token) in [
                ("http://localhost:9000", "movies/current.json", None),
                ("https://s3.eu-west-1.amazonaws.com", "a b/ü+~%.kdx", None),
                ("https://s3.example/below", "k", Some("to/ken=+")),
            ] {
                let credentials = match token {
                    Some(token) => rusty_s3::Credentials::new_with_token("id", "secret", token),
                    None => rusty_s3::Credentials::new("id", "secret"),
                };
                let oracle =
                    rusty_s3::Bucket::new(endpoint.parse().unwrap(), style, "kindred", "eu-west-1")
                        .unwrap();
                let expected = oracle
                    .get_object(Some(&credentials), key)
                    .sign(Duration::from_mins(5));
                // The oracle signs for now, so it says what the time is.
                let (_, date_time) = expected
                    .query_pairs()
                    .find(|(name, _)| name == "X-Amz-Date")
                    .unwrap();

                let bucket = S3Bucket {
                    endpoint: Endpoint::parse(endpoint).unwrap(),
                    bucket: "kindred".to_owned(),
                    prefix: String::new(),
                    region: "eu-west-1".to_owned(),
                    addressing,
                    credentials: None,
                };
                let credentials = Credentials {
                    access_key_id: "id".to_owned(),
                    secret_access_key: "secret".to_owned(),
                    session_token: token.map(str::to_owned),
                };
                let signed = presign(
                    &bucket.address(key),
                    &credentials,
                    "eu-west-1",
                    &date_time,
                    300,
                );
                let expected = format!("{}?{}", expected.path(), expected.query().unwrap());
                assert_eq!(signed, expected);
            }
        }
    }
}
