use super::*;
use std::time::Duration;

#[test]
fn a_failed_write_leaves_the_old_file_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/file");
    write(&path, "old").unwrap();
    let failure = write_with(&path, |writer| {
        writer.write_all(b"half of the n")?;
        Err(io::Error::other("power cut"))
    });
    assert!(failure.is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    write(&path, "new").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
}

#[test]
fn what_a_killed_process_left_goes_with_a_later_write_and_what_is_being_written_stays() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let age = |name: &str, hours| {
        let file = fs::File::create(at(name)).unwrap();
        file.file().set_modified(std::time::SystemTime::now() - Duration::from_hours(hours)).unwrap();
    };
    age(".partial-old", 25);
    age(".partial-new", 23);
    age("old.json", 25);
    fs::create_dir(at(".partial-folder")).unwrap();
    write(&at(".partial-folder/page"), "").unwrap();
    let folder = fs::File::open(at(".partial-folder")).unwrap();
    folder.file().set_modified(std::time::SystemTime::now() - Duration::from_hours(25)).unwrap();
    write(&at("plan.json"), "{}").unwrap();
    let left = |name: &str| at(name).exists();
    assert!(
        !left(".partial-folder")
            && !left(".partial-old")
            && left(".partial-new")
            && left("old.json")
            && left("plan.json")
    );
}

#[test]
fn of_new_files_that_are_written_at_once_one_stays_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/file");
    let texts: Vec<String> = (0..8).map(|i| i.to_string().repeat(100_000)).collect();
    let won: Vec<&String> = std::thread::scope(|scope| {
        let writers: Vec<_> = texts
            .iter()
            .map(|text| (text, &path))
            .map(|(text, path)| {
                scope.spawn(move || write_new(path, text.as_bytes()).unwrap().then_some(text))
            })
            .collect();
        writers.into_iter().filter_map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(won.len(), 1);
    assert!(fs::read_to_string(&path).unwrap() == *won[0]);
    assert!(!has_leftovers(path.parent().unwrap()).unwrap());
}

#[test]
fn a_file_that_cannot_get_its_name_is_named_and_nothing_stays() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("taken");
    make_directories(&path.join("by a directory")).unwrap();
    let error = write(&path, "new").unwrap_err();
    assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
    assert!(!has_leftovers(root.path()).unwrap());
}

#[test]
fn a_written_file_is_readable_by_all_and_writable_by_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("file");
    write(&path, "text").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn a_directory_that_is_gone_is_not_taken_for_a_flushed_one() {
    let root = tempfile::tempdir().unwrap();
    sync_directory(root.path()).unwrap();
    let message = sync_directory(&root.path().join("gone")).unwrap_err().to_string();
    assert!(message.contains("gone"), "{message}");
}

#[test]
fn the_codes_of_a_file_system_that_flushes_no_directory_are_not_those_of_a_flush_that_failed() {
    let passed_over = |code| cannot_be_synced(&io::Error::from_raw_os_error(code));
    assert!([libc::EINVAL, libc::ENOTSUP, libc::EOPNOTSUPP].map(passed_over) == [true; 3]);
    assert!([libc::EIO, libc::ENOSPC, libc::EDQUOT, libc::ENOSYS].map(passed_over) == [false; 4]);
}

#[test]
fn directories_are_made_where_they_are_missing_and_not_in_place_of_a_file() {
    let root = tempfile::tempdir().unwrap();
    let deep = root.path().join("a/b/c");
    make_directories(&deep).unwrap();
    make_directories(&deep).unwrap();
    assert!(deep.is_dir());
    write(&root.path().join("file"), "").unwrap();
    let message = make_directories(&root.path().join("file/deep")).unwrap_err().to_string();
    assert!(message.contains("file"), "{message}");
}
