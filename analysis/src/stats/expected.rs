//! Reference values from scipy and statsmodels, against which the estimators are tested.

use crate::stats::strata::Strata;
use serde_json::Value;

/// Reads `analysis/tests/reference/expected.json`, which `make.py` beside it generated.
pub(crate) fn expected() -> Value {
    serde_json::from_str(include_str!("../../tests/reference/expected.json")).unwrap()
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

/// Returns the strata of an entry.
pub(crate) fn strata_of(reference: &Value) -> Strata {
    Strata::new(reference["strata"].as_array().unwrap().iter().map(numbers)).unwrap()
}

pub(crate) fn close(found: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-3), "{found} against {expected}");
}
