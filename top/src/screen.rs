//! Draws a moment on a terminal's cells.
//!
//! If there is enough space, all panels are shown, side by side or below each other; otherwise one at a time.
//!
//! *Invariant:* drawing is a pure function of moment, desk and area: it reads no file and no clock, and works
//! in any area, even an empty one.

use crate::moment::{Moment, Sweep};
use crate::view::desk::{Desk, Panel};
use crate::view::{self, advice, curves, endpoint, grid, heading, help, runs, troubles};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Widget};

/// The width from which all panels are shown at once, in two columns.
const WIDE: u16 = 120;
/// The width from which all panels are shown below each other.
const MEDIUM_WIDTH: u16 = 80;
/// The height that this also needs.
const MEDIUM_HEIGHT: u16 = 26;

/// Draws everything into an area.
pub fn draw(moment: &Moment, desk: &Desk, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let width = usize::from(area.width);
    let head = heading::lines(moment, desk, width);
    for (line, y) in head.iter().zip(area.y..area.bottom()) {
        buffer.set_line(area.x, y, line, area.width);
    }
    if area.height < 4 {
        return;
    }
    buffer.set_line(area.x, area.bottom() - 1, &help::line(width), area.width);
    let body = Rect { y: area.y + 2, height: area.height - 3, ..area };
    match &moment.sweep {
        _ if desk.help => page("keys", &help::page(width.saturating_sub(4)), desk.scroll, body, buffer),
        Err(nothing) => {
            page("nothing to show", &advice::lines(nothing, width.saturating_sub(4)), 0, body, buffer);
        }
        Ok(sweep) => panels(sweep, desk, body, buffer),
    }
}

fn panels(sweep: &Sweep, desk: &Desk, body: Rect, buffer: &mut Buffer) {
    let placed = if desk.alone { None } else { places(sweep, desk, body) };
    for (panel, area) in placed.unwrap_or_else(|| alone(sweep, desk, body, buffer)) {
        draw_panel(sweep, desk, panel, area, buffer);
    }
}

/// Draws the names of all panels, and returns the area of the single one that is shown.
fn alone(sweep: &Sweep, desk: &Desk, body: Rect, buffer: &mut Buffer) -> Vec<(Panel, Rect)> {
    let mut x = body.x;
    for (at, panel) in Panel::ALL.into_iter().enumerate() {
        let mut name = format!(" {} {} ", at + 1, panel.title());
        if panel == Panel::Troubles && !sweep.troubles.is_empty() {
            name = format!(" {} {} ({}) ", at + 1, panel.title(), sweep.troubles.len());
        }
        let style = if panel == desk.panel { Modifier::REVERSED } else { Modifier::DIM };
        let room = usize::from(body.right().saturating_sub(x));
        x = buffer.set_stringn(x, body.y, name, room, Style::new().add_modifier(style)).0;
    }
    vec![(desk.panel, Rect { y: body.y + 1, height: body.height.saturating_sub(1), ..body })]
}

/// Returns the area of each panel; `None` if there is not enough space for all of them.
fn places(sweep: &Sweep, desk: &Desk, body: Rect) -> Option<Vec<(Panel, Rect)>> {
    let rows = |lines: usize| lines as u16 + 2;
    let runs = runs::lines(sweep, desk, usize::from(body.width)).len();
    let grid = sweep.cells.len() + 1;
    if body.height < MEDIUM_HEIGHT - 3 || body.width < MEDIUM_WIDTH {
        return None;
    }
    if body.width >= WIDE {
        // Lists above, and below them the curves, which use the whole width.
        let width = (body.width / 2).max(64);
        let inner = usize::from(body.width - width) - 2;
        let runs = rows(runs::lines(sweep, desk, inner).len()).clamp(3, body.height / 5);
        let endpoint = rows(endpoint::lines(sweep, desk, inner).len()).clamp(3, body.height / 3);
        let few = rows(troubles::lines(sweep, inner).len()).clamp(3, body.height / 5);
        let above = rows(grid).max(runs + endpoint + few).min(body.height * 3 / 5);
        let [lists, curves] = stacked(body, [above, body.height - above]);
        let left = Rect { width, ..lists };
        let right = Rect { x: lists.x + width, width: lists.width - width, ..lists };
        // The remaining space is for future failures.
        let [endpoint, runs, troubles] = stacked(right, [endpoint, runs, lists.height - endpoint - runs]);
        return Some(vec![
            (Panel::Grid, left),
            (Panel::Endpoint, endpoint),
            (Panel::Runs, runs),
            (Panel::Troubles, troubles),
            (Panel::Curves, curves),
        ]);
    }
    let runs = rows(runs).clamp(3, body.height / 4);
    let grid = rows(grid).clamp(4, body.height * 2 / 5);
    let [grid, runs, below] = stacked(body, [grid, runs, body.height - grid - runs]);
    let left = Rect { width: below.width * 11 / 20, ..below };
    let right = Rect { x: below.x + left.width, width: below.width - left.width, ..below };
    let inner = usize::from(right.width) - 2;
    let few = rows(troubles::lines(sweep, inner).len()).clamp(3, 5.max(below.height / 3));
    let [endpoint, troubles] = stacked(right, [right.height.saturating_sub(few), few]);
    Some(vec![
        (Panel::Grid, grid),
        (Panel::Runs, runs),
        (Panel::Curves, left),
        (Panel::Endpoint, endpoint),
        (Panel::Troubles, troubles),
    ])
}

/// Splits an area into parts of these heights, the last one up to its end.
fn stacked<const N: usize>(area: Rect, heights: [u16; N]) -> [Rect; N] {
    let mut y = area.y;
    heights.map(|height| {
        let part = Rect { y, height: height.min(area.bottom().saturating_sub(y)), ..area };
        y = part.bottom();
        part
    })
}

fn draw_panel(sweep: &Sweep, desk: &Desk, panel: Panel, area: Rect, buffer: &mut Buffer) {
    let inner = framed(panel.title(), panel == desk.panel, area, buffer);
    let width = usize::from(inner.width);
    let scroll = if panel == desk.panel { desk.scroll } else { 0 };
    match panel {
        Panel::Grid => {
            let lines = grid::lines(sweep, desk, width);
            let room = usize::from(inner.height);
            // The head stays visible, and so does the cursor's line.
            let first = (grid::cursor_line(sweep, desk) + 1).saturating_sub(room).min(lines.len());
            let shown: Vec<_> = lines.iter().take(1).chain(lines.iter().skip(1 + first)).cloned().collect();
            write(&shown, 0, inner, buffer);
        }
        Panel::Curves => curves::draw(sweep, desk, inner, buffer),
        Panel::Runs | Panel::Endpoint | Panel::Troubles => {
            write(&view::lines(sweep, desk, panel, width), scroll, inner, buffer);
        }
    }
}

fn page(title: &str, lines: &[Line<'static>], scroll: usize, area: Rect, buffer: &mut Buffer) {
    let inner = framed(title, false, area, buffer);
    let inside = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    write(lines, scroll, inside, buffer);
}

/// Draws a frame, and returns the area inside.
fn framed(title: &str, chosen: bool, area: Rect, buffer: &mut Buffer) -> Rect {
    let style = if chosen { Modifier::BOLD } else { Modifier::DIM };
    let title = Line::styled(format!(" {title} "), Style::new().add_modifier(Modifier::BOLD));
    let block =
        Block::new().borders(Borders::ALL).border_style(Style::new().add_modifier(style)).title(title);
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

/// Writes lines from the `scroll`-th on; the last line says how many more there are.
fn write(lines: &[Line<'static>], scroll: usize, area: Rect, buffer: &mut Buffer) {
    let room = usize::from(area.height);
    let scroll = scroll.min(lines.len().saturating_sub(room));
    let more = (lines.len() - scroll).saturating_sub(room);
    for (at, (line, y)) in lines.iter().skip(scroll).zip(area.y..area.bottom()).enumerate() {
        if more > 0 && at + 1 == room {
            let words = format!("{} more lines", more + 1);
            buffer.set_stringn(
                area.x,
                y,
                words,
                usize::from(area.width),
                Style::new().add_modifier(Modifier::DIM),
            );
        } else {
            buffer.set_line(area.x, y, line, area.width);
        }
    }
}
