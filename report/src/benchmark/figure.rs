//! The figure of a benchmark.

use super::{Benchmark, Program};
use crate::chart::canvas::{UNIT, font, write};
use crate::chart::{Axis, Frame, Legend, Mean, Picture, Series, frame, series};
use crate::style;
use artifacts::bench::median;
use artifacts::words;
use plotters::style::text_anchor::HPos;
use std::collections::{BTreeMap, BTreeSet};

impl Benchmark {
    /// Draws speed against rankscale, at the largest number of threads.
    ///
    /// # Panics
    /// Never: there is at least one line.
    #[must_use]
    pub fn figure(&self) -> String {
        let threads = self.cases.keys().map(|(_, threads)| *threads).max().expect("there is a line");
        let cases: BTreeMap<usize, _> = self
            .cases
            .iter()
            .filter(|((rankscale, at), _)| *rankscale > 0 && *at == threads)
            .map(|((rankscale, _), programs)| (*rankscale, programs))
            .collect();
        let programs: BTreeSet<&Program> = cases.values().flat_map(|programs| programs.keys()).collect();
        let series: Vec<Series> = programs
            .iter()
            .enumerate()
            .map(|(index, &program)| {
                let means = cases.iter().filter_map(|(&rankscale, programs)| {
                    let rounds = programs.get(program)?;
                    let y = median(rounds.values().map(|line| line.images_per_second))?;
                    Some(Mean { x: rankscale as f64, y, runs: 1, interval: None })
                });
                let look = style::device(index);
                Series { means: means.collect(), ..Series::empty(&program.name(), look) }
            })
            .collect();
        let limit: Vec<(f64, f64)> = cases
            .iter()
            .filter_map(|(&rankscale, programs)| {
                let lines = programs.values().flat_map(BTreeMap::values);
                Some((rankscale as f64, median(lines.filter_map(|line| line.limit_images_per_second))?))
            })
            .collect();
        let title =
            format!("Training images a second against rankscale, {}", words::many(threads as u64, "thread"));
        let described: Vec<_> = series
            .iter()
            .map(|series| {
                let at = |mean: &Mean| format!("{} at {}", words::fixed(mean.y, 0), mean.x);
                format!("{} {}", series.name, series.means.iter().map(at).collect::<Vec<_>>().join(", "))
            })
            .collect();
        let picture = Picture {
            width: style::WIDTH,
            height: style::HEIGHT,
            title: title.clone(),
            description: format!("{title}, both axes logarithmic: {}.", described.join("; ")),
        };
        picture.draw(|area| {
            let heights = series.iter().flat_map(Series::heights).chain(limit.iter().map(|(_, y)| *y));
            let mut x = Axis::logarithmic(cases.keys().map(|&rankscale| rankscale as f64));
            x.ticks = cases.keys().map(|at| (x.position(*at as f64), at.to_string())).collect();
            let frame = Frame::draw(
                area,
                frame::WITH_LEGEND,
                (x, "Rankscale"),
                (Axis::logarithmic(heights), "Training images a second"),
            )?;
            frame.line(limit.iter().copied(), 0.0, (style::REFERENCE, 1.0, style::THIN_LINE))?;
            if let Some(&(x, y)) = limit.last() {
                let (x, y) = frame.at(x, y);
                let place = (f64::from(x) / UNIT - 8.0, f64::from(y) / UNIT - 8.0);
                write(area, "limit", place, HPos::Right, &font(style::SMALL_TEXT, style::REFERENCE))?;
            }
            series::draw(&frame, &series)?;
            let entries = series.iter().map(|series| (series.name.clone(), series.look)).collect();
            let notes = vec!["One update: forward,".to_owned(), "backward, Nesterov.".to_owned()];
            Legend { title: "Program", entries, notes }.draw(&frame)
        })
    }
}
