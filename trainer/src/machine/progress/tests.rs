use super::*;
use artifacts::Recipe;

fn screen(line_every: Duration) -> Screen {
    Screen {
        bars: None,
        sweep: Mutex::default(),
        epochs: AtomicUsize::default(),
        begun: AtomicUsize::default(),
        line_every,
    }
}

/// The progress of a run of ten updates an epoch, from its beginning.
fn progress_of<'a>(screen: &'a Screen, configuration: &Configuration) -> Progress<'a> {
    let all = (0, configuration.recipe.epochs);
    Progress::new(screen, "r08-original-s0-12345678", 10, configuration, all)
}

#[test]
fn nothing_is_done_of_a_sweep_that_begins_and_all_of_one_that_ends() {
    let screen = screen(LINE_EVERY);
    assert_eq!(screen.sweep_summary(), "");
    for expected in [BTreeMap::from([("a".to_owned(), 30.0)]), BTreeMap::new()] {
        screen.begin(expected, Duration::ZERO);
        assert!(screen.sweep_summary().starts_with("; sweep 0 %"), "{}", screen.sweep_summary());
    }
    screen.begin(BTreeMap::from([("a".to_owned(), 30.0)]), Duration::ZERO);
    screen.report("somebody else's", 0.3);
    screen.report("a", 1.0);
    assert!(screen.sweep_summary().starts_with("; sweep 100 %"), "{}", screen.sweep_summary());
}

#[test]
fn a_run_says_one_line_in_its_time_and_no_more() {
    let configuration = Configuration::default();
    let lines = |every: Duration| {
        let screen = screen(every);
        let mut progress = progress_of(&screen, &configuration);
        (0..5).filter(|_| progress.takes_a_line()).count()
    };
    assert_eq!([LINE_EVERY, Duration::ZERO].map(lines), [0, 5]);
}

#[test]
fn within_an_epoch_no_line_comes_shortly_before_the_epochs_own() {
    let (screen, configuration) = (
        screen(Duration::ZERO),
        Configuration { recipe: Recipe { epochs: 2, ..Recipe::default() }, ..Configuration::default() },
    );
    let mut progress = progress_of(&screen, &configuration);
    let minutes = |minutes: u64| Duration::from_mins(minutes);
    // 18 updates in 36 minutes are two minutes each: 16 until this epoch ends.
    assert!(!progress.has_line_within_epoch(2, minutes(36)), "it has just spoken");
    progress.last_line = Instant::now().checked_sub(minutes(2)).unwrap();
    assert!(progress.has_line_within_epoch(2, minutes(36)));
    assert!(!progress.has_line_within_epoch(9, minutes(10)), "its own comes in less than a minute");
}

#[test]
fn a_run_that_goes_on_is_measured_by_what_was_left_of_it() {
    let (screen, configuration) = (screen(LINE_EVERY), Configuration::default());
    screen.begin(BTreeMap::from([("a".to_owned(), 30.0)]), Duration::from_secs(30));
    let mut progress = Progress::new(&screen, "a", 10, &configuration, (6, 10));
    assert!(screen.sweep_summary().starts_with("; sweep 0 %"));
    progress.update(70, None, 1.0);
    assert!(screen.sweep_summary().starts_with("; sweep 25 %"), "{}", screen.sweep_summary());
    progress.epoch(&EpochRow { epoch: 9, ..EpochRow::default() }, 10);
    assert!(screen.sweep_summary().starts_with("; sweep 75 %"), "{}", screen.sweep_summary());
}

#[test]
fn the_time_left_follows_the_last_two_epochs_and_not_the_start() {
    let (screen, configuration) = (screen(LINE_EVERY), Configuration::default());
    let mut progress = Progress::new(&screen, "a", 10, &configuration, (0, 10));
    let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
    let epoch = |epoch| EpochRow { epoch, ..EpochRow::default() };
    let near = |found: Duration, seconds: f64| (found.as_secs_f64() - seconds).abs() < 5.0;
    progress.marks = [(0, ago(1_000)); 2];
    progress.epoch(&epoch(1), 10);
    assert_eq!(progress.remaining(10), Duration::ZERO, "nothing was measured yet");
    progress.marks = [(10, ago(60)); 2];
    progress.epoch(&epoch(2), 10);
    // Ten updates a minute, and 80 are left.
    assert!(near(progress.remaining(20), 480.0), "{:?}", progress.remaining(20));
    progress.marks[1].1 = ago(20);
    progress.epoch(&epoch(3), 10);
    assert!(near(progress.remaining(30), 140.0), "{:?}", progress.remaining(30));
}

#[test]
fn runs_that_begin_or_go_on_here_are_counted_and_so_are_the_epochs_that_end_here() {
    let (screen, configuration) = (screen(LINE_EVERY), Configuration::default());
    for done in [0, 6] {
        let mut progress = Progress::new(&screen, "a", 10, &configuration, (done, 10));
        progress.epoch(&EpochRow { epoch: done as u32 + 1, ..EpochRow::default() }, 10);
    }
    progress_of(&screen, &configuration).update(1, None, 1.0);
    assert_eq!((screen.begun(), screen.epochs()), (3, 2));
}
