//! The output of other programs.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The longest time that a program may take: without its daemons, Slurm's programs wait for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// Returns a program's standard output, trimmed; `None` if it cannot be run, fails, or takes longer than
/// [`PATIENCE`].
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    within(PATIENCE, command)
}

fn within(patience: Duration, command: &mut Command) -> Option<String> {
    let began = Instant::now();
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut stdout = child.stdout.take()?;
    // A program that says more than a pipe holds waits for its reader.
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        stdout.read_to_end(&mut text).map(|_| text)
    });
    let status = loop {
        match child.try_wait().ok()? {
            Some(status) => break status,
            None if began.elapsed() < patience => thread::sleep(Duration::from_millis(5)),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    };
    let text = reader.join().ok()?.ok().filter(|_| status.success())?;
    Some(String::from_utf8_lossy(&text).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_heard_out_unless_it_fails_or_never_ends() {
        let shell = |words: &str| within(Duration::from_secs(1), Command::new("sh").args(["-c", words]));
        assert_eq!(shell("echo ' all of it '").as_deref(), Some("all of it"));
        assert_eq!(shell("head -c 300000 /dev/zero | tr '\\0' x").map(|text| text.len()), Some(300_000));
        assert_eq!((shell("echo no; exit 3"), shell("exec sleep 60")), (None, None));
        assert_eq!(answer(&mut Command::new("/no/such/program")), None);
    }
}
