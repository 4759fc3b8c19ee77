//! Commands that only read leave no files, even for a folder that does not exist.

use std::path::Path;
use std::process::Command;

#[test]
fn nothing_is_created_where_there_is_nothing() {
    let place = tempfile::tempdir().unwrap();
    let experiments = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments");
    let experiments = experiments.to_str().unwrap();
    let sweep = ["sweep", "--experiment", "smoke", "--experiments", experiments, "--device", "cpu"];
    for (arguments, works) in [
        (&["--help"][..], true),
        (&["sweep", "--help"], true),
        (&["describe", "--rankscale", "8"], true),
        (&["doctor"], true),
        (&["train", "--rankscale", "8", "--device", "cpu"], false),
        (&sweep, false),
        (&[&sweep[..], &["--plan"]].concat(), false),
        (&["sweep", "--experiment", "smoek"], false),
        (&["bench", "--rankscale", "8", "--batch", "99999999"], false),
        (&["bench", "--rankscale", "8", "--threads", "1", "--epoch-updates", "999999999"], false),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
        let output = command.args(arguments).current_dir(place.path()).env("WORK", "typo").output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), works, "{arguments:?}: {told}");
        assert_eq!(fs_err::read_dir(place.path()).unwrap().count(), 0, "{arguments:?}");
    }
}
