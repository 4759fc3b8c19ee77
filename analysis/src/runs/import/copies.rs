//! Detects entries that are copies of one run.

use crate::runs::json::whole;
use crate::runs::results::LoggedEpoch;
use serde_json::Value;

/// Returns what two copies of one run share: the whole entry, however its numbers are written. The seed is
/// left out if a loss with all its digits identifies the run.
pub(super) fn without_seed(entry: &Value, logged: &LoggedEpoch) -> String {
    let mut entry = entry.clone();
    plain(&mut entry);
    let all_digits = |loss: Option<f64>| loss.is_some_and(|loss| (loss * 1e5).fract() != 0.0);
    if (all_digits(logged.train_loss) || all_digits(logged.test_loss))
        && let Some(settings) = entry[0].as_object_mut()
    {
        settings.remove("seed");
    }
    entry.to_string()
}

/// Writes whole numbers as integers, so that 8 and 8.0 are equal.
fn plain(value: &mut Value) {
    match value {
        Value::Number(_) => {
            if let Some(number) = whole(value) {
                *value = number.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Object(entries) => entries.values_mut().for_each(plain),
        _ => {}
    }
}
