//! Points in time, as data sets write them.

/// Seconds since 1970 from a number of seconds, or from a date with or without a time of day, as in ISO 8601: `2026-01-31`, `2026-01-31 12:30:00`,
/// `2026-01-31T12:30:00.5Z`, `2026-01-31T12:30:00+02:00`. Parts of a second are cut off; without an offset, the time is UTC.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    if let Some((whole, part)) = text.split_once('.')
        && part.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(seconds) = whole.parse()
    {
        return Some(seconds);
    }
    let date = text.get(..10)?;
    let days = days_since_1970(
        number(date, 0, 4, "")?,
        number(date, 5, 2, "-")?,
        number(date, 8, 2, "-")?,
    )?;
    let rest = text.get(10..)?;
    let seconds = if rest.is_empty() {
        0
    } else {
        time_of_day(rest)?
    };
    Some(days * 86_400 + seconds)
}

/// The seconds of a day from `T12:30`, `T12:30:00`, `T12:30:00.123Z` and the like, the offset taken off.
fn time_of_day(text: &str) -> Option<i64> {
    let text = text.strip_prefix(['T', 't', ' '])?;
    let (clock, offset_s) = match text.rfind(['Z', 'z', '+', '-']) {
        Some(at) => (text.get(..at)?, offset(text.get(at..)?)?),
        None => (text, 0),
    };
    let clock = clock
        .split_once('.')
        .map_or(clock, |(whole, _)| whole)
        .trim_end();
    let hours = number(clock, 0, 2, "")?;
    let minutes = number(clock, 3, 2, ":")?;
    let seconds = if clock.len() == 5 {
        0
    } else {
        number(clock, 6, 2, ":")?
    };
    // 60 is a leap second.
    let is_valid = hours < 24 && minutes < 60 && seconds <= 60 && matches!(clock.len(), 5 | 8);
    is_valid.then_some(hours * 3600 + minutes * 60 + seconds - offset_s)
}

/// Seconds east of UTC from `Z`, `+02:00`, `+0200` or `-05`.
fn offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.get(1..)?.replace(':', "");
    let minutes = if digits.len() == 4 {
        number(&digits, 2, 2, "")?
    } else {
        0
    };
    matches!(digits.len(), 2 | 4)
        .then_some(sign * (number(&digits, 0, 2, "")? * 3600 + minutes * 60))
}

/// The digits at a place, right after `before`.
fn number(text: &str, start: usize, len: usize, before: &str) -> Option<i64> {
    let digits = text.get(start..start + len)?;
    let is_number =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && text.get(..start)?.ends_with(before);
    is_number.then(|| digits.parse().ok())?
}

/// The days from 1970-01-01 to a date of the Gregorian calendar (after Howard Hinnant's `days_from_civil`).
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let num_days = match month {
        2 => 28 + i64::from(is_leap_year),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=num_days).contains(&day) {
        return None;
    }
    // Years begin in March, so that the leap day comes last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::parse_time;

    #[test]
    fn seconds_and_dates_are_read() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-5", Some(-5)),
            ("964982703", Some(964_982_703)),
            ("964982703.75", Some(964_982_703)),
            ("1970-01-01", Some(0)),
            ("1969-12-31T23:59:59Z", Some(-1)),
            ("2000-02-29", Some(951_782_400)),
            ("2000-03-01 00:00", Some(951_868_800)),
            ("2026-01-31T12:30:15.250Z", Some(1_769_862_615)),
            ("2026-01-31T12:30:15+02:00", Some(1_769_855_415)),
            ("2026-01-31T12:30:15-0530", Some(1_769_882_415)),
            ("2025-02-29", None),
            ("2026-13-01", None),
            ("2026-01-01T25:00", None),
            ("2026/01/01", None),
            ("yesterday", None),
            ("", None),
            ("12.x", None),
        ] {
            assert_eq!(parse_time(text), expected, "{text}");
        }
    }
}
