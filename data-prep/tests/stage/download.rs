use crate::server::{Mood, Request, Served, Server};
use artifacts::Sha256Sum;
use artifacts::dataset::Task;
use data_prep::fetch::download::Downloads;
use data_prep::fetch::pace::Pace;
use data_prep::fetch::retry::RetryPolicy;
use data_prep::files::location::{Location, Remote};
use data_prep::find::locate::locate;
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Half a megabyte with the first bytes of a parquet file.
fn bytes() -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..500_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    bytes[..4].copy_from_slice(b"PAR1");
    bytes
}

pub const HASTY: RetryPolicy = RetryPolicy {
    attempts: 3,
    first_pause: Duration::from_millis(10),
    answer: Duration::from_secs(5),
    vain: Duration::from_secs(5),
    stall: Duration::from_millis(300),
    pace: Pace { least: 1_000, window: Duration::from_millis(200), total: Duration::from_secs(20) },
};

fn downloads(directory: &TempDir) -> Downloads {
    Downloads {
        directory: directory.path().join("downloads"),
        retry: HASTY,
        available: |_| Ok(1 << 40),
        reserve: 0,
    }
}

fn fetch(directory: &TempDir, remote: &Remote) -> Result<Vec<u8>, String> {
    match downloads(directory).fetch(remote) {
        Ok(path) => Ok(fs_err::read(path).unwrap()),
        Err(error) => Err(format!("{error:#}")),
    }
}

/// Asserts equality without half a megabyte of numbers in the message.
fn arrives(directory: &TempDir, remote: &Remote) {
    let found = fetch(directory, remote).unwrap();
    assert!(found == bytes(), "{} other bytes arrive", found.len());
}

fn served(moods: impl Into<Vec<Mood>>) -> Served {
    Served { moods: moods.into(), ..Served::new(bytes()) }
}

/// Returns the SHA-256 of these bytes.
pub fn sum(bytes: &[u8]) -> Sha256Sum {
    Sha256Sum(Sha256::digest(bytes).into())
}

fn known(server: &Server, content: &[u8]) -> Remote {
    let sha256 = Some(sum(content));
    Remote { sha256, ..Remote::unknown(&server.url("/x")) }
}

fn ranges(requests: Vec<Request>) -> Vec<Option<String>> {
    requests.into_iter().map(|request| request.range).collect()
}

fn from(byte: usize) -> String {
    format!("bytes={byte}-")
}

#[test]
fn a_dropped_connection_is_resumed_where_it_ended() {
    let (directory, server) =
        (TempDir::new().unwrap(), Server::start([("/x", served([Mood::Drop(300_000)]))]));
    arrives(&directory, &Remote::unknown(&server.url("/x")));
    assert_eq!(ranges(server.requests()), [None, Some(from(300_000))]);
}

#[test]
fn a_silent_connection_is_given_up_and_resumed() {
    let (directory, server) =
        (TempDir::new().unwrap(), Server::start([("/x", served([Mood::Stall(300_000)]))]));
    arrives(&directory, &Remote::unknown(&server.url("/x")));
    assert_eq!(ranges(server.requests()), [None, Some(from(300_000))]);
}

#[test]
fn a_server_that_drips_is_given_up_whatever_is_asked_for() {
    let (directory, server) =
        (TempDir::new().unwrap(), Server::start([("/x", served([Mood::Drip, Mood::Drip]))]));
    let begun = Instant::now();
    let message = fetch(&directory, &Remote::unknown(&server.url("/x"))).unwrap_err();
    assert!(
        message.contains("/x: the server is too slow") && message.contains("1000 bytes a second"),
        "{message}"
    );
    // Its first bytes, too.
    let place = Location::Url(Remote::unknown(&server.url("/x")));
    let message = format!("{:#}", locate(&place, Task::Cifar10, &HASTY).unwrap_err());
    assert!(message.contains("too slow"), "{message}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_server_that_never_ends_is_given_up_with_the_patience_in_the_message() {
    let (directory, server) = (TempDir::new().unwrap(), Server::start([("/x", served([Mood::Endless]))]));
    let pace = Pace { total: Duration::from_millis(600), ..HASTY.pace };
    let patient = Downloads { retry: RetryPolicy { pace, ..HASTY }, ..downloads(&directory) };
    let begun = Instant::now();
    let message = format!("{:#}", patient.fetch(&Remote::unknown(&server.url("/x"))).unwrap_err());
    assert!(
        message.contains("/x: the server is too slow") && message.contains("a file in 600ms"),
        "{message}"
    );
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_server_that_promises_more_than_it_sends_is_named() {
    let file = Served { ranges: false, ..served([Mood::Promise(7); 9]) };
    let (directory, server) = (TempDir::new().unwrap(), Server::start([("/x", file)]));
    let message = fetch(&directory, &Remote::unknown(&server.url("/x"))).unwrap_err();
    assert!(message.contains("/x") && message.contains("gave up after 3 attempts"), "{message}");
}

#[test]
fn an_address_that_never_answers_costs_two_waits_and_is_asked_for_no_layout() {
    let (directory, server) = (TempDir::new().unwrap(), Server::start([("/x", served([Mood::Mute; 9]))]));
    // The default policy, twenty times as fast.
    let RetryPolicy { attempts, first_pause, answer, vain, stall, .. } = RetryPolicy::default();
    let retry = RetryPolicy {
        attempts,
        stall: stall / 20,
        first_pause: first_pause / 20,
        answer: answer / 20,
        vain: vain / 20,
        ..HASTY
    };
    let impatient = Downloads { retry, ..downloads(&directory) };
    let remote = Remote::unknown(&server.url("/x"));
    for sought in [false, true] {
        let begun = Instant::now();
        let error = if sought {
            locate(&Location::Url(remote.clone()), Task::Cifar10, &retry).unwrap_err()
        } else {
            impatient.fetch(&remote).unwrap_err()
        };
        let (message, taken) = (format!("{error:#}"), begun.elapsed());
        assert!(
            message.contains("gave up after 2 attempts") && message.contains("cannot be reached"),
            "{message}"
        );
        // Far less than it would take to wait for every answer; a busy machine is slower.
        assert!(taken < Duration::from_secs(30) / 20 + Duration::from_secs(2), "{taken:?}");
        assert_eq!(server.requests().len(), 2, "sought: {sought}");
    }
}

#[test]
fn a_download_of_nothing_leaves_nothing() {
    let (directory, server) = (TempDir::new().unwrap(), Server::start([("/x", served([Mood::Drop(0); 9]))]));
    assert!(fetch(&directory, &Remote::unknown(&server.url("/x"))).is_err());
    assert!(fetch(&directory, &Remote::unknown(&server.url("/none"))).is_err());
    let left: Vec<_> = fs_err::read_dir(downloads(&directory).directory).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_server_that_cannot_send_parts_sends_the_whole_again() {
    let file = Served { ranges: false, ..served([Mood::Drop(300_000)]) };
    let (directory, server) = (TempDir::new().unwrap(), Server::start([("/x", file)]));
    arrives(&directory, &Remote::unknown(&server.url("/x")));
    assert_eq!(ranges(server.requests()), [None, Some(from(300_000))]);
}

#[test]
fn another_run_of_the_program_resumes_too_unless_the_file_changed() {
    let (directory, server) =
        (TempDir::new().unwrap(), Server::start([("/x", served([Mood::Drop(100_000), Mood::Status(404)]))]));
    let remote = Remote::unknown(&server.url("/x"));
    assert!(fetch(&directory, &remote).unwrap_err().contains("404"));
    arrives(&directory, &remote);
    assert_eq!(ranges(server.requests()), [None, Some(from(100_000)), Some(from(100_000))]);

    server.replace("/x", served([Mood::Drop(100_000), Mood::Status(404)]));
    assert!(fetch(&directory, &remote).is_err());
    let changed: Vec<u8> = bytes().into_iter().take(4).chain([7; 1000]).collect();
    server.replace("/x", Served { etag: Some("\"two\""), ..Served::new(changed.clone()) });
    assert_eq!(fetch(&directory, &remote), Ok(changed));
}

#[test]
fn a_part_without_a_version_is_not_trusted_without_a_hash() {
    let file = Served { etag: None, ..served([Mood::Drop(100_000)]) };
    let (directory, server) = (TempDir::new().unwrap(), Server::start([("/x", file.clone())]));
    arrives(&directory, &Remote::unknown(&server.url("/x")));
    assert_eq!(ranges(server.requests()), [None, None]);
    server.replace("/x", file);
    let directory = TempDir::new().unwrap();
    arrives(&directory, &known(&server, &bytes()));
    assert_eq!(ranges(server.requests()), [None, Some(from(100_000))]);
}

#[test]
fn a_part_that_is_already_whole_is_recognised() {
    let (directory, server) = (TempDir::new().unwrap(), Server::start([("/x", served([]))]));
    let remote = known(&server, &bytes());
    let path = downloads(&directory).fetch(&remote).unwrap();
    fs_err::rename(&path, format!("{}.part", path.display())).unwrap();
    arrives(&directory, &remote);
    assert_eq!(ranges(server.requests()), [None, Some(from(500_000))]);
    // A complete file is not requested again.
    arrives(&directory, &remote);
    assert_eq!(server.requests(), []);
}

#[test]
fn a_damaged_part_is_fetched_again_from_its_beginning() {
    let moods = [Mood::Drop(100_000), Mood::Status(404)];
    let (directory, server) = (TempDir::new().unwrap(), Server::start([("/x", served(moods))]));
    let remote = known(&server, &bytes());
    assert!(fetch(&directory, &remote).is_err());
    let mut entries =
        fs_err::read_dir(downloads(&directory).directory).unwrap().map(|entry| entry.unwrap().path());
    let part = entries.find(|path| path.extension().is_some_and(|extension| extension == "part")).unwrap();
    let mut damaged = bytes()[..100_000].to_vec();
    damaged[50_000] ^= 1;
    fs_err::write(part, damaged).unwrap();
    arrives(&directory, &remote);
}

#[test]
fn a_busy_server_is_asked_again_and_a_missing_file_is_not() {
    let moods = [Mood::Status(503), Mood::Status(429)];
    let (directory, server) = (TempDir::new().unwrap(), Server::start([("/x", served(moods))]));
    arrives(&directory, &Remote::unknown(&server.url("/x")));
    assert_eq!(server.requests().len(), 3);
    let message = fetch(&directory, &Remote::unknown(&server.url("/y"))).unwrap_err();
    assert!(message.contains("/y") && message.contains("404"), "{message}");
    assert_eq!(server.requests().len(), 1);
    server.replace("/x", served([Mood::Status(503); 9]));
    let message = fetch(&directory, &Remote::unknown(&server.url("/x"))).unwrap_err();
    assert!(message.contains("3 attempts") && message.contains("503"), "{message}");
}

#[test]
fn a_wrong_hash_names_both_and_leaves_nothing() {
    let (directory, server) = (TempDir::new().unwrap(), Server::start([("/x", served([]))]));
    let remote = known(&server, b"something else");
    let message = fetch(&directory, &remote).unwrap_err();
    let found = artifacts::stamp::sha256(&bytes());
    assert!(message.contains(&remote.sha256.unwrap().to_string()) && message.contains(&found), "{message}");
    let left: Vec<_> = fs_err::read_dir(downloads(&directory).directory).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_wrong_size_and_a_web_page_are_refused() {
    let page = Served::new("<!DOCTYPE html><title>Sign in</title>");
    let (directory, server) = (TempDir::new().unwrap(), Server::start([("/x", served([])), ("/page", page)]));
    let remote = Remote { bytes: Some(170_052_171), ..Remote::unknown(&server.url("/x")) };
    let message = fetch(&directory, &remote).unwrap_err();
    assert!(message.contains("500000") && message.contains("170052171"), "{message}");
    let message = fetch(&directory, &Remote::unknown(&server.url("/page"))).unwrap_err();
    assert!(message.contains("/page") && message.contains("web page"), "{message}");
}

#[test]
fn a_disk_without_room_is_noticed_before_the_first_byte() {
    let (directory, server) = (TempDir::new().unwrap(), Server::start([("/x", served([]))]));
    let small = Downloads { available: |_| Ok(1_400_000), reserve: 1_000_000, ..downloads(&directory) };
    let error = small.fetch(&Remote::unknown(&server.url("/x"))).unwrap_err();
    assert!(data_prep::disk::space::is_full(&error));
    assert!(format!("{error:#}").contains("2 MB are needed, but the disk has 2 MB left"), "{error:#}");
    let enough = Downloads { available: |_| Ok(1_500_000), ..small };
    assert!(enough.fetch(&Remote::unknown(&server.url("/x"))).is_ok());
}
