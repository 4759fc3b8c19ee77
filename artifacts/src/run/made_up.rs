//! Records of runs that were never trained, for tests.

use super::{DataProvenance, FORMAT, Origin, Provenance, RunRecord, Status};
use crate::Configuration;

pub(super) fn provenance() -> Provenance {
    Provenance {
        git_revision: "0123".into(),
        git_dirty: false,
        device: "cpu".into(),
        device_name: "made up".into(),
        threads: 1,
        version: "0".into(),
        instructions: None,
        libtorch: None,
        host: "made up".into(),
        started_unix_seconds: 0,
    }
}

/// A record without checksums.
pub(super) fn record(configuration: Configuration, status: Status) -> RunRecord {
    RunRecord {
        format: FORMAT,
        name: configuration.run_name("data"),
        status,
        counts: configuration.counts(),
        configuration,
        data: DataProvenance { fingerprint: "data".into(), source: "made up".into() },
        origin: Origin::Trained(provenance()),
        continued: Vec::new(),
        sealed: None,
    }
}
