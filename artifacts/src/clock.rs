//! The local time of day.
//!
//! *Invariant:* the text depends only on the two moments and the offset, so that tests give the same text
//! everywhere.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400;
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Returns the local offset from UTC at a moment, in seconds; 0 if the system does not know it.
#[must_use]
pub fn offset_at(moment: SystemTime) -> i64 {
    let seconds = unix_seconds(moment) as libc::time_t;
    let mut local = std::mem::MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both point to values that live until it returns, and zeroes are a valid `tm`, should it write
    // none.
    unsafe {
        libc::localtime_r(&raw const seconds, local.as_mut_ptr());
        local.assume_init().tm_gmtoff
    }
}

/// Formats a moment as seen from `now`: `14:32`, `Fri 14:32` within a week, otherwise `5 Dec 14:32`, with the
/// year if it is another one.
#[must_use]
pub fn time(moment: SystemTime, now: SystemTime, offset: i64) -> String {
    let [at, seen] = [moment, now].map(|time| unix_seconds(time).saturating_add(offset));
    let (day, second) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    let today = seen.div_euclid(DAY);
    let clock = format!("{:02}:{:02}", second / 3600, second % 3600 / 60);
    let (year, month, date) = civil(day);
    let month = &MONTHS[month][..3];
    match day - today {
        0 => clock,
        1..7 | -6..0 => format!("{} {clock}", WEEKDAYS[day.rem_euclid(7) as usize]),
        _ if year == civil(today).0 => format!("{date} {month} {clock}"),
        _ => format!("{date} {month} {year} {clock}"),
    }
}

/// Formats the date of a Unix time in seconds (UTC): `25 November 2026`.
#[must_use]
pub fn date(unix_seconds: u64) -> String {
    let day = i64::try_from(unix_seconds).unwrap_or(i64::MAX) / DAY;
    let (year, month, date) = civil(day);
    format!("{date} {} {year}", MONTHS[month])
}

/// Formats the time after a delay, as [`time()`] does; `in years` if it is too far in the future.
#[must_use]
pub fn time_after(left: Duration) -> String {
    after(left, SystemTime::now(), offset_at)
}

/// Formats the time after a delay from `now`, where `offset` gives the offset from UTC of a moment.
#[must_use]
pub fn after(left: Duration, now: SystemTime, offset: impl Fn(SystemTime) -> i64) -> String {
    const MOST: Duration = Duration::from_secs(100 * 366 * DAY as u64);
    match now.checked_add(left).filter(|_| left < MOST) {
        Some(moment) => time(moment, now, offset(moment)),
        None => "in years".to_owned(),
    }
}

fn unix_seconds(moment: SystemTime) -> i64 {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX / 4);
    moment.duration_since(UNIX_EPOCH).map_or_else(|before| -seconds(before.duration()), seconds)
}

/// Returns year, month (from 0) and day of the month of a day counted from 1970, by the Gregorian calendar,
/// whose 400 years have 146,097 days.
fn civil(day: i64) -> (i64, usize, i64) {
    // Years begin in March here, so that a leap day is the last of its year.
    let since = day + 719_468;
    let (era, day) = (since.div_euclid(146_097), since.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 2 } else { month - 10 };
    (era * 400 + year + i64::from(month < 2), month as usize, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_moment_is_said_as_exactly_as_its_distance_asks_for() {
        // Thursday, 26 November 2026, 12:00 in UTC.
        let now = at(1_795_694_400);
        let said = |seconds: i64, offset| {
            let moment = at(1_795_694_400_u64.checked_add_signed(seconds).unwrap());
            time(moment, now, offset)
        };
        assert_eq!(said(9_120, 0), "14:32");
        assert_eq!(said(9_120, 3600), "15:32");
        assert_eq!(said(12 * 3600, 0), "Fri 00:00");
        assert_eq!(said(12 * 3600, -3600), "23:00");
        assert_eq!(said(-86_400, 0), "Wed 12:00");
        assert_eq!(said(9 * DAY, 0), "5 Dec 12:00");
        assert_eq!(said(95 * DAY, 0), "1 Mar 2027 12:00");
    }

    #[test]
    fn leap_days_are_counted() {
        for (day, civil_day) in [
            (0, (1970, 0, 1)),
            (-1, (1969, 11, 31)),
            (11_016, (2000, 1, 29)),
            (11_017, (2000, 2, 1)),
            (19_782, (2024, 1, 29)),
            (47_540, (2100, 1, 28)),
            (47_541, (2100, 2, 1)),
        ] {
            assert_eq!(civil(day), civil_day, "{day}");
        }
    }

    #[test]
    fn what_no_clock_can_tell_is_said_so() {
        assert_eq!(time_after(Duration::MAX), "in years");
        assert!(time_after(Duration::from_mins(1)).contains(':'));
        assert!(offset_at(SystemTime::now()).abs() <= 14 * 3600);
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        // date -u -d @N '+%-d %B %Y'
        assert_eq!(date(0), "1 January 1970");
        assert_eq!(date(951_782_400), "29 February 2000");
        assert_eq!(date(1_795_610_560), "25 November 2026");
        assert_eq!(date(4_107_542_399), "28 February 2100");
        assert_eq!(date(4_107_542_400), "1 March 2100");
    }
}
