//! Screens as text, at common sizes.

use crate::made_up::{desk, moment};
use artifacts::run::Condition;
use artifacts::study::{Looks, Summary};
use expect_test::{Expect, expect, expect_file};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::Color;
use std::path::PathBuf;
use std::time::Duration;
use top::live::{Wish, press};
use top::moment::{Moment, Nothing, SoFar, Sweep};
use top::screen::draw;
use top::snapshot;
use top::view::desk::{Desk, Measure, Panel};
use top::view::ink::Ink;

fn drawn(moment: &Moment, desk: &Desk, width: u16, height: u16) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    draw(moment, desk, area, &mut buffer);
    buffer
}

fn text(moment: &Moment, desk: &Desk, width: u16, height: u16) -> String {
    let buffer = drawn(moment, desk, width, height);
    let line =
        |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned() + "\n";
    (0..height).map(line).collect()
}

fn pressed(desk: &mut Desk, moment: &Moment, keys: &[KeyCode]) {
    for key in keys {
        assert_eq!(press(desk, Some(moment), KeyEvent::new(*key, KeyModifiers::NONE)), Wish::GoOn);
    }
}

#[test]
fn all_panels_stand_side_by_side_where_there_is_room() {
    expect_file!["../golden/160x44.txt"].assert_eq(&text(&moment(), &desk(), 160, 44));
    expect_file!["../golden/100x34.txt"].assert_eq(&text(&moment(), &desk(), 100, 34));
}

#[test]
fn a_small_terminal_has_one_panel_at_a_time() {
    let moment = moment();
    for panel in Panel::ALL {
        let screen = text(&moment, &Desk { panel, ..desk() }, 60, 15);
        expect_file![format!("../golden/60x15-{}.txt", panel.title().replace(' ', "-"))].assert_eq(&screen);
    }
    let loss = Desk { panel: Panel::Curves, measure: Measure::Loss, ..desk() };
    expect_file!["../golden/60x15-loss.txt"].assert_eq(&text(&moment, &loss, 60, 15));
}

#[test]
fn a_pipe_gets_a_listing_without_escape_codes() {
    let listing = snapshot::text(&moment(), &desk(), 100);
    assert!(!listing.contains('\x1b'));
    expect_file!["../golden/listing.txt"].assert_eq(&listing);
    let mut hostile = moment();
    let SoFar::Found { summary, .. } = &mut hostile.sweep.as_mut().unwrap().endpoint else {
        panic!("it is made up")
    };
    let summary = std::sync::Arc::make_mut(summary);
    summary.planned = summary.done + summary.diverged;
    summary.endpoints[0].says = "\x1b[2Jworse\u{9b}".to_owned();
    let listing = snapshot::text(&hostile, &desk(), 100);
    let steers = |c: char| c.is_control() && c != '\n';
    assert!(listing.contains("[2Jworse") && !listing.contains(steers), "{listing}");
}

#[test]
fn whoever_finds_nothing_is_told_what_to_do() {
    let nothing = Nothing {
        found: "Nothing has been trained in work yet.".to_owned(),
        advice: vec![("just all".to_owned(), "everything".to_owned())],
    };
    let moment = Moment { sweep: Err(nothing), work: PathBuf::from("work"), ..moment() };
    let expected: Expect = expect![["
        work
        load 3.2 of 8, memory 5.0 of 16.0 GiB
        ┌ nothing to show ─────────────────────────────────────────┐
        │ Nothing has been trained in work yet.                    │
        │                                                          │
        │   just all  everything                                   │
        │                                                          │
        └──────────────────────────────────────────────────────────┘
        q quit  ? help  arrows run  m loss/accuracy  space pin
    "]];
    expected.assert_eq(&text(&moment, &desk(), 60, 9));
}

#[test]
fn no_size_and_no_choice_is_too_much() {
    let moment = moment();
    for width in (0..30).chain([40, 79, 80, 119, 120, 300]) {
        for height in (0..30).chain([43, 90]) {
            for help in [false, true] {
                drawn(&moment, &Desk { help, scroll: 7, cursor: Some((99, 99)), ..desk() }, width, height);
            }
            for panel in Panel::ALL {
                drawn(&moment, &Desk { panel, alone: true, ..desk() }, width, height);
            }
        }
        let _ = snapshot::text(&moment, &desk(), usize::from(width));
    }
}

#[test]
fn without_colour_every_arm_has_its_mark_and_no_cell_a_colour() {
    let colours = |ink| {
        let buffer = drawn(&moment(), &Desk { ink, ..desk() }, 160, 44);
        let cells = buffer.content().iter();
        cells.filter(|cell| !matches!(cell.fg, Color::Reset) || !matches!(cell.bg, Color::Reset)).count()
    };
    assert_eq!(colours(Ink::Plain), 0);
    assert!(colours(Ink::True) > 100 && colours(Ink::Indexed) > 100);
    let screen = text(&moment(), &desk(), 160, 44);
    assert!(screen.contains("● original") && screen.contains("▲ appropriate"));
}

#[test]
fn keys_move_the_cursor_pin_runs_and_end_it() {
    let (moment, mut desk) = (moment(), desk());
    let sweep = moment.sweep.as_ref().unwrap();
    let chosen = |desk: &Desk| desk.chosen(sweep).unwrap().1.name.clone();
    // The cursor follows the first run under way until the user moves it.
    assert_eq!(desk.chosen(sweep).unwrap().1.condition(), Condition::Running);
    pressed(&mut desk, &moment, &[KeyCode::Left, KeyCode::Down, KeyCode::Down, KeyCode::Char(' ')]);
    assert_eq!(chosen(&desk), "r31-original-s0-0a1b2c3d");
    pressed(&mut desk, &moment, &[KeyCode::Up, KeyCode::Up, KeyCode::Up]);
    assert_eq!(chosen(&desk), "r08-original-s0-0a1b2c3d");
    // Its pair is drawn with it, and so are pinned runs.
    assert_eq!(desk.drawn(sweep).len(), 3);
    pressed(&mut desk, &moment, &[KeyCode::Char('c'), KeyCode::Home, KeyCode::Char('3')]);
    assert_eq!(
        (desk.drawn(sweep).len(), desk.panel, desk.alone, desk.cursor),
        (2, Panel::Curves, true, None)
    );
    pressed(&mut desk, &moment, &[KeyCode::Tab, KeyCode::BackTab, KeyCode::Char('?'), KeyCode::Esc]);
    assert_eq!((desk.panel, desk.help), (Panel::Curves, false));
    for (key, modifiers) in [
        (KeyCode::Char('q'), KeyModifiers::NONE),
        (KeyCode::Esc, KeyModifiers::NONE),
        (KeyCode::Char('c'), KeyModifiers::CONTROL),
    ] {
        assert_eq!(press(&mut desk, None, KeyEvent::new(key, modifiers)), Wish::Quit);
    }
}

#[test]
fn keys_choose_what_curves_show_scroll_a_panel_and_read_the_files() {
    let (moment, mut desk) = (moment(), desk());
    let shown = |desk: &Desk| (desk.measure, desk.panel, desk.alone, desk.scroll);
    let scrolled = [KeyCode::Char('5'), KeyCode::PageDown, KeyCode::PageDown, KeyCode::PageUp];
    pressed(&mut desk, &moment, &scrolled);
    pressed(&mut desk, &moment, &[KeyCode::Char('m')]);
    assert_eq!(shown(&desk), (Measure::Loss, Panel::Troubles, true, 5));
    let first = "r31-appropriate-s1";
    assert!(!text(&moment, &desk, 60, 10).contains(first));
    pressed(&mut desk, &moment, &[KeyCode::Char('m'), KeyCode::Char('0'), KeyCode::Tab, KeyCode::BackTab]);
    assert_eq!(shown(&desk), (Measure::Accuracy, Panel::Troubles, false, 0));
    assert!(text(&moment, &desk, 60, 10).contains(first));
    let read = KeyEvent::new(KeyCode::Char('r'), KeyModifiers::NONE);
    assert_eq!(press(&mut desk, Some(&moment), read), Wish::Read);
    let released = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
    assert_eq!(press(&mut desk, Some(&moment), released), Wish::GoOn);
}

#[test]
fn a_run_is_drawn_beside_its_baseline_where_only_one_of_them_has_several_strengths() {
    let mut moment = moment();
    let sweep = moment.sweep.as_mut().unwrap();
    let drawn = |sweep: &Sweep| {
        let desk = Desk { cursor: Some((0, 0)), ..desk() };
        desk.drawn(sweep).into_iter().map(|(cell, run)| (cell.arm.name(), run.seed)).collect::<Vec<_>>()
    };
    let both = [("original", 0), ("appropriate", 0)];
    assert_eq!(drawn(sweep), both);
    sweep.cells[0].labelled = true;
    assert_eq!(drawn(sweep), both, "at the same strength");
    sweep.cells[1].strength = [1e-3, 0.4];
    assert_eq!(drawn(sweep), both[..1], "one of several strengths, and another");
    sweep.cells[0].labelled = false;
    assert_eq!(drawn(sweep), both, "each at its only one, as where arms are tuned");
    sweep.cells[1].shares = "another recipe".to_owned();
    assert_eq!(drawn(sweep), both[..1]);
}

#[test]
fn cells_say_what_tells_them_apart_and_curves_what_judges() {
    let mut moment = moment();
    let sweep = moment.sweep.as_mut().unwrap();
    (sweep.cells[0].labelled, sweep.cells[1].kind) = (true, Some("2b3c4d5e tch".to_owned()));
    sweep.judged_by = "held-out";
    let screen = text(&moment, &desk(), 160, 44);
    for words in ["r08 original λ 5e-4 at 0.2 ", "r08 appropriate 2b3c4d5e tch ", "── held-out  ·· train"]
    {
        assert!(screen.contains(words), "{words}: {screen}");
    }
}

#[test]
fn a_look_before_the_end_is_called_one_and_a_reached_verdict_is_read_out() {
    let mut moment = moment();
    let line =
        |moment: &Moment| text(moment, &Desk { panel: Panel::Endpoint, alone: true, ..desk() }, 190, 15);
    assert!(line(&moment).contains("A LOOK BEFORE THE END, which decides nothing: 4 of 12 runs are done."));
    assert!(!line(&moment).contains("worse"));
    let sweep = moment.sweep.as_mut().unwrap();
    let SoFar::Found { summary, .. } = &mut sweep.endpoint else { panic!("it is made up") };
    let summary = std::sync::Arc::make_mut(summary);
    // One run that has diverged since does not make an analysis one of all runs.
    (summary.done, summary.diverged) = (11, 0);
    assert!(line(&moment).contains("A LOOK BEFORE THE END, which decides nothing: 11 of 12 runs are done."));
    assert!(!line(&moment).contains("worse"));
    let SoFar::Found { summary, .. } = &mut moment.sweep.as_mut().unwrap().endpoint else {
        panic!("as before")
    };
    std::sync::Arc::make_mut(summary).diverged = 1;
    assert!(line(&moment).contains("All 12 runs have ended, 1 of them diverged."));
    assert!(line(&moment).contains("appropriate weight decay is relevantly worse than original."));
    let reason = "No analysis has been made here yet.".to_owned();
    moment.sweep.as_mut().unwrap().endpoint = SoFar::Missing { reason, command: "just analyse".to_owned() };
    assert!(line(&moment).contains("`just analyse` makes it"));
}

#[test]
fn a_planned_look_says_which_it_was_and_what_has_ended_since_an_analysis_is_counted() {
    let said = |change: &dyn Fn(&mut Summary)| {
        let mut moment = moment();
        let SoFar::Found { summary, .. } = &mut moment.sweep.as_mut().unwrap().endpoint else {
            panic!("it is made up")
        };
        change(std::sync::Arc::make_mut(summary));
        text(&moment, &Desk { panel: Panel::Endpoint, alone: true, ..desk() }, 190, 15)
    };
    let look = |decided| Some(Looks { planned: vec![3, 6, 9], reached: 1, decided, missing: None });
    let decided = said(&|of| of.standing.looks = look(Some(1)));
    assert!(decided.contains("PLANNED LOOK 1 OF 3, which reached the verdict; 4 of 12 runs are done."));
    assert!(decided.contains("appropriate weight decay is relevantly worse than original."), "{decided}");
    let open = said(&|of| of.standing.looks = look(None));
    assert!(open.contains("A LOOK BEFORE THE END") && !open.contains("worse"), "{open}");
    let all = said(&|of| (of.done, of.diverged) = (12, 0));
    assert!(all.contains("All 12 runs are done.") && all.contains("Analysed 3 min 20 s ago."), "{all}");
    for (done, since) in [(3, "one run has ended since"), (2, "2 runs have ended since")] {
        let words = format!("Analysed 3 min 20 s ago; {since}: `just analyse`.");
        assert!(said(&|of| of.done = done).contains(&words), "{words}");
    }
    let without = said(&|of| (of.planned, of.done) = (0, 2));
    assert!(without.contains("NO PLAN: the runs as they are, which decides nothing."), "{without}");
    assert!(!without.contains("since") && !without.contains("worse"), "{without}");
}

#[test]
fn a_silent_run_is_called_so_and_seeds_that_differ_are_only_numbered() {
    let mut moment = moment();
    let screen = |moment: &Moment| text(moment, &desk(), 160, 44);
    moment.sweep.as_mut().unwrap().cells[1].runs[1].seed = 7;
    for (seconds, silent) in [(299, false), (301, true)] {
        let run = &mut moment.sweep.as_mut().unwrap().cells[0].runs[1];
        std::sync::Arc::make_mut(&mut run.headway).quiet = Some(Duration::from_secs(seconds));
        assert_eq!(screen(&moment).contains("1,600     silent"), silent, "{}", screen(&moment));
        assert_eq!(screen(&moment).contains("r08 original     92.54 silent"), silent, "{}", screen(&moment));
    }
    assert!(screen(&moment).contains("   s0     #2     s2 "), "{}", screen(&moment));
}

#[test]
fn whoever_looks_at_old_numbers_is_told_how_old_they_are() {
    let mut moment = moment();
    moment.read -= Duration::from_secs(14);
    assert!(text(&moment, &desk(), 160, 44).contains("ends 12:55, in 55 min"));
    moment.read -= Duration::from_mins(1);
    let screen = text(&moment, &desk(), 160, 44);
    assert!(screen.contains("files last read 1 min 14 s ago") && !screen.contains("ends 12:55"), "{screen}");
}
