use super::owner::began;
use super::*;
use std::sync::atomic::{AtomicU64, Ordering};

/// A claim of a process on another machine, with this heartbeat.
fn foreign(folder: &Path, token: &str, beat: &str) {
    let place = folder.join(CLAIM).join(token);
    fs::create_dir_all(&place).unwrap();
    let owner = Owner { boot: "another".to_owned(), ..Owner::here().unwrap() };
    fs::write(place.join(OWNER), atomic::json(&owner).unwrap()).unwrap();
    fs::write(place.join(BEAT), beat).unwrap();
}

/// Pretends that its heartbeat was first seen `by` earlier.
fn age(folder: &Path, by: Duration) {
    let mut all = lock(&WATCHED);
    let watched = all.get_mut(folder).unwrap();
    watched.since = watched.since.checked_sub(by).unwrap();
}

fn granted(folder: &Path) -> Claim {
    match Claim::wish(folder).unwrap() {
        Wish::Granted(claim) => claim,
        other => panic!("{other:?}"),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    entries.map(|name| name.to_string_lossy().into_owned()).collect()
}

#[test]
fn one_at_a_time_and_nothing_stays() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let claim = granted(&folder);
    assert!(matches!(Claim::wish(&folder).unwrap(), Wish::Taken));
    assert!(!is_unknown(&folder) && is_there(&folder));
    atomic::write(&folder.join("file"), "text").unwrap();
    assert_eq!(names(&folder.join(CLAIM).join(&claim.token)), [OWNER], "no part of the file stays there");
    drop(claim);
    assert_eq!(names(&folder), ["file"]);
    drop(granted(&folder));
}

#[test]
fn a_process_of_this_machine_that_is_gone_is_dead_at_once() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path();
    for owner in [
        // Another process has its id now, or none has.
        Owner { pid: std::os::unix::process::parent_id(), began: 1, ..Owner::here().unwrap() },
        Owner { pid: i32::MAX as u32, ..Owner::here().unwrap() },
        // A claim of this process that could not be released.
        Owner::here().unwrap(),
    ] {
        foreign(folder, "token", "1");
        fs::write(folder.join(CLAIM).join("token").join(OWNER), atomic::json(&owner).unwrap()).unwrap();
        drop(granted(folder));
    }
    let pid = std::os::unix::process::parent_id();
    let owner = Owner { pid, began: began(&pid.to_string()).unwrap(), ..Owner::here().unwrap() };
    foreign(folder, "token", "1");
    fs::write(folder.join(CLAIM).join("token").join(OWNER), atomic::json(&owner).unwrap()).unwrap();
    assert!(matches!(Claim::wish(folder).unwrap(), Wish::Taken), "it lives, though its heart does not beat");
}

#[test]
fn a_heart_that_beats_is_alive_and_one_that_stood_still_for_long_is_dead() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path();
    foreign(folder, "token", "1");
    assert!(matches!(Claim::wish(folder).unwrap(), Wish::Unknown));
    assert!(is_unknown(folder));
    age(folder, dead_after() / 2);
    foreign(folder, "token", "2");
    assert!(matches!(Claim::wish(folder).unwrap(), Wish::Taken));
    assert!(!is_unknown(folder));
    // A claim of another owner is observed anew.
    fs::remove_dir_all(folder.join(CLAIM)).unwrap();
    foreign(folder, "other", "2");
    assert!(matches!(Claim::wish(folder).unwrap(), Wish::Unknown));
    age(folder, dead_after());
    let claim = granted(folder);
    assert_eq!(names(&folder.join(CLAIM)), [claim.token.as_str()]);
    assert!(!is_unknown(folder));
}

#[test]
fn a_claim_without_a_word_of_its_owner_is_watched_like_any_other() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join(CLAIM).join("token")).unwrap();
    assert!(matches!(Claim::wish(root.path()).unwrap(), Wish::Unknown));
    age(root.path(), dead_after());
    drop(granted(root.path()));
    // Without even a token: its owner died while it was removing the claim.
    fs::create_dir(root.path().join(CLAIM)).unwrap();
    drop(granted(root.path()));
}

#[test]
fn whoever_lost_its_claim_can_write_and_remove_nothing() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path();
    let (kept, new) = (folder.join("kept"), folder.join("new"));
    fs::write(&kept, "before").unwrap();
    let lost = granted(folder);
    // Simulates another process that takes the claim over, which is not registered in this one.
    bury(folder, &lost.token, "taker").unwrap();
    assert!(raise(folder, "taker").unwrap());
    assert!(lost.is_lost());
    for path in [&kept, &new] {
        let error = atomic::write(path, "after").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
    assert!(atomic::remove(&kept).is_err());
    assert_eq!(fs::read_to_string(&kept).unwrap(), "before");
    assert!(!new.exists());
    drop(lost);
    assert_eq!(names(&folder.join(CLAIM)), ["taker"], "the taker's claim stays");
}

#[test]
fn a_fresh_claim_is_put_back_by_who_meant_the_one_before() {
    let root = tempfile::tempdir().unwrap();
    let claim = granted(root.path());
    bury(root.path(), "the one before", "late").unwrap();
    assert!(!claim.is_lost());
    assert_eq!(names(root.path()), [CLAIM]);
}

#[test]
fn what_killed_processes_left_of_their_claims_goes() {
    let root = tempfile::tempdir().unwrap();
    for name in [".claim-new-a/a", ".claim-old-b/c"] {
        fs::create_dir_all(root.path().join(name)).unwrap();
        fs::write(root.path().join(name).join(".partial-x"), "").unwrap();
    }
    assert!(has_leftovers(root.path()).unwrap());
    drop(granted(root.path()));
    assert!(!has_leftovers(root.path()).unwrap());
    assert!(names(root.path()).is_empty());
}

#[test]
fn of_many_who_wish_at_once_one_is_granted() {
    let root = tempfile::tempdir().unwrap();
    let (folder, inside) = (root.path(), AtomicU64::new(0));
    foreign(folder, "dead", "1");
    let owner = Owner { pid: i32::MAX as u32, ..Owner::here().unwrap() };
    fs::write(folder.join(CLAIM).join("dead").join(OWNER), atomic::json(&owner).unwrap()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    if let Ok(Wish::Granted(claim)) = Claim::wish(folder)
                        && !claim.is_lost()
                    {
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two inside");
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    drop(granted(folder));
    assert!(names(folder).is_empty(), "{:?}", names(folder));
}
