//! The details: where an arm differs, how often it wins, whether the difference grows with compression, how
//! large the noise is, and whether the notebook agrees.

use super::by_rankscale;
use super::markdown::{bullets, code, folded};
use crate::selection::Selection;
use artifacts::study::{
    Agreement, Endpoint, Estimate, Heterogeneity, Identical, ImageByImage, Intraclass, Later, Noise,
    Replicated, Replication, Secondary, Trend, Verdict, Wins,
};
use artifacts::words::{self, reach};
use network::Arm;

/// The proportion of wins that users notice, as Bouthillier et al. propose.
const NOTICEABLE_WINS: f64 = 0.75;

/// Writes the section, arm by arm; empty if there is nothing to say.
#[must_use]
pub fn section(selection: &Selection<'_>) -> String {
    let mut parts = Vec::new();
    for (at, endpoint) in selection.endpoints().enumerate() {
        let found = of(endpoint, selection.judged_by());
        let (arm, baseline) = (endpoint.decay.name(), endpoint.baseline.name());
        if at == 0 && !found.is_empty() {
            parts.push(format!("{} against {}:", code(arm), code(baseline)));
            parts.extend(found);
        } else if !found.is_empty() {
            parts.push(folded(&format!("{arm} against {baseline}"), &found.join("\n\n")));
        }
    }
    let checks: Vec<_> = selection.study.summary.identical.iter().map(identical).collect();
    if !checks.is_empty() {
        parts.push(bullets(&checks));
    }
    if parts.is_empty() {
        return String::new();
    }
    let about = "Differences are in percentage points. Each rankscale, the F test and the trend can qualify a verdict or withhold *no meaningful \
                 difference*; nothing else here enters one.";
    [vec!["## In detail".to_owned(), about.to_owned()], parts].concat().join("\n\n")
}

/// Formats the results of one arm: a table and a list.
fn of(endpoint: &Endpoint, judged_by: &str) -> Vec<String> {
    let secondary = &endpoint.secondary;
    let mut items = Vec::new();
    items.extend(secondary.later.map(|found| later(endpoint, found)));
    items.extend(endpoint.heterogeneity.map(heterogeneity));
    items.extend(secondary.wins.map(|wins| won(endpoint, wins)));
    items.extend(secondary.trend.map(trend));
    items.extend(secondary.noise.map(|found| noise(found, endpoint.alpha, judged_by)));
    items.extend(secondary.images.as_ref().map(|found| image_by_image(found, judged_by)));
    items.extend(losses(secondary, judged_by));
    items.extend(beside(endpoint, judged_by));
    items.extend(secondary.intraclass.map(intraclass));
    items.extend(secondary.diverged_as_chance.map(diverged));
    items.extend(secondary.replication.map(|found| replication(endpoint, found, judged_by)));
    let mut parts = Vec::new();
    if !secondary.by_rankscale.is_empty() {
        parts.push(by_rankscale::table(&secondary.by_rankscale));
        parts.extend(by_rankscale::shared(endpoint));
    }
    if !items.is_empty() {
        parts.push(bullets(&items));
    }
    parts
}

fn won(endpoint: &Endpoint, wins: Wins) -> String {
    let share = |share: f64| words::fixed(100.0 * share, 0);
    format!(
        "It wins {} % of the pairs ({} % interval {} to {} %); {} % and more would be a difference that users notice \
         ([Bouthillier et al.](https://arxiv.org/abs/2103.03098)). {}",
        share(wins.share),
        words::level(wins.interval),
        share(wins.interval.low),
        share(wins.interval.high),
        share(NOTICEABLE_WINS),
        match words::many(u64::from(endpoint.pairs), "pair") {
            pairs if wins.interval.low <= 0.5 && wins.interval.high >= 0.5 =>
                format!("With {pairs}, a coin could do the same."),
            pairs => format!("That is over {pairs}."),
        }
    )
}

fn trend(trend: Trend) -> String {
    format!(
        "For each halving of the parameters the difference changes by {} ({} % interval {}; {}).",
        words::points(trend.slope),
        words::level(trend.interval),
        reach(trend.interval),
        words::p_equals(trend.p)
    )
}

fn noise(noise: Noise, alpha: f64, judged_by: &str) -> String {
    let points = |value: f64| words::fixed(value * 100.0, 2);
    let seeds = |seeds: Option<u32>| {
        seeds.map_or_else(
            || "more than 100,000 seeds".to_owned(),
            |seeds| words::many(u64::from(seeds), "seed"),
        )
    };
    format!(
        "From seed to seed a run's accuracy varies with a standard deviation of {} (another {judged_by} set of the same size would move it by {}), \
         and the difference of a pair with {}. So as many pairs again, tested once at {} %, would find a difference of {} in four studies of five. To find one as \
         large as the margin that often takes {} at every rankscale; to show that there is none takes {}.",
        points(noise.runs_sd),
        points(noise.binomial_sd),
        points(noise.differences_sd),
        words::margin(alpha),
        points(noise.detectable),
        seeds(noise.seeds_for_margin),
        seeds(noise.seeds_for_equivalence)
    )
}

/// Describes all available pairs, if the verdict is of an earlier look.
fn later(endpoint: &Endpoint, found: Later) -> String {
    let look = match endpoint.verdict {
        Verdict::NotEnoughEvidence => "the last look, which reached no verdict",
        _ => "the look, whose verdict stands",
    };
    format!(
        "This section rests on the {} of {look}. All {} so far differ by {}{}.",
        words::many(u64::from(endpoint.pairs), "pair"),
        words::many(u64::from(found.pairs), "pair"),
        words::points(found.difference),
        found.interval.map_or_else(String::new, |interval| {
            format!(" ({} % interval {})", words::level(interval), reach(interval))
        })
    )
}

fn heterogeneity(found: Heterogeneity) -> String {
    let [between, within] = found.freedom;
    format!(
        "Do rankscales differ? The F test of one mean for all of them: F({between}, {within}) = {}, {}.",
        words::fixed(found.f, 2),
        words::p_equals(found.p)
    )
}

/// Describes the differences of the losses, which are not accuracies.
fn losses(secondary: &Secondary, judged_by: &str) -> Option<String> {
    let said = |name: &str, found: Option<Estimate>| {
        found.map(|found| {
            format!(
                "{name} by {} ({} % interval {} to {}; {})",
                words::signed(found.difference),
                words::level(found.interval),
                words::signed(found.interval.low),
                words::signed(found.interval.high),
                words::p_equals(found.p)
            )
        })
    };
    let both = [
        said("on the training images", secondary.train_loss),
        said(&format!("on the {judged_by} images"), secondary.test_loss),
    ];
    let found: Vec<String> = both.into_iter().flatten().collect();
    (!found.is_empty()).then(|| format!("Its mean loss differs {}.", found.join(", ")))
}

/// Describes alternative analyses of the same mean.
fn beside(endpoint: &Endpoint, judged_by: &str) -> Option<String> {
    let secondary = &endpoint.secondary;
    let mut parts = Vec::new();
    parts.extend(
        secondary.sign_flip_p.map(|p| format!("flipping the signs of the pairs, {}", words::p_equals(p))),
    );
    parts.extend(secondary.images.as_ref().and_then(|images| images.other_images).map(|interval| {
        format!(
            "for other seeds *and* other {judged_by} images, a {} % interval of {}",
            words::level(interval),
            reach(interval)
        )
    }));
    parts.extend(secondary.probability_within_margin.map(|probability| {
        format!(
            "from a flat prior, a probability of {} % that the true mean lies within {} points of zero",
            words::fixed(100.0 * probability, 0),
            words::margin(endpoint.margin)
        )
    }));
    (!parts.is_empty()).then(|| format!("The same mean otherwise: {}.", parts.join("; ")))
}

fn intraclass(found: Intraclass) -> String {
    format!(
        "Pairs that share a seed at several rankscales: intraclass correlation {} ({} % interval {} to {}, {}). Above zero, the interval of the mean \
         would be too narrow.",
        words::fixed(found.correlation, 2),
        words::level(found.interval),
        words::fixed(found.interval.low, 2),
        words::fixed(found.interval.high, 2),
        words::many(u64::from(found.seeds), "seed")
    )
}

fn diverged(difference: f64) -> String {
    format!(
        "If every diverged run counted as guessing, and its partner as an average run of its arm, the difference would be about {}.",
        words::points(difference)
    )
}

fn image_by_image(images: &ImageByImage, judged_by: &str) -> String {
    format!(
        "Image by image: on {} % of the {judged_by} images exactly one run of a pair is right. By McNemar's exact test, \
         adjusted by Holm's method, {} of {} differ beyond chance (a test of two trained networks, not of two ways to train).",
        words::fixed(images.discordant * 100.0, 1),
        images.significant,
        words::many(u64::from(images.pairs), "pair")
    )
}

fn replication(endpoint: &Endpoint, found: Replication, judged_by: &str) -> String {
    let Replicated { notebook, ours, prediction, agreement } = found.difference;
    let seen = format!(
        "Replication: over {} that both have, the 2018 notebook's figure differs by {}, these runs by {}.",
        words::many(u64::from(found.rankscales), "rankscale"),
        words::points(notebook),
        words::points(ours)
    );
    let verdict = match agreement {
        Agreement::Compatible => {
            "so the notebook's difference **is compatible** with these runs, which is not to say that they confirm it"
        }
        Agreement::Incompatible => "so the notebook's difference **is not compatible** with these runs",
        Agreement::NotEnoughEvidence => {
            "but these runs were not trained as the notebook's were, so this says nothing of it"
        }
    };
    let judged = match prediction {
        None => "Without a spread between several seeds of a rankscale nothing says how far another study may lie.".to_owned(),
        Some(interval) => format!(
            "Going by these runs, another study of one pair a rankscale lies between {} and {}, {verdict}.",
            words::points(interval.low),
            words::points(interval.high)
        ),
    };
    let arms = [(endpoint.baseline, found.baseline), (endpoint.decay, found.accuracy)];
    let arms = arms.map(|(arm, mean)| replicated(arm, mean)).join("; ");
    format!("{seen} {judged} The {judged_by} accuracies themselves: {arms}.")
}

/// Says the mean accuracy of an arm beside that of the notebook's curve.
fn replicated(arm: Arm, Replicated { notebook, ours, prediction, agreement }: Replicated) -> String {
    let means = format!(
        "{} {} % in the notebook and {} % here",
        code(arm.name()),
        words::percent(notebook),
        words::percent(ours)
    );
    let Some(interval) = prediction else { return means };
    let verdict = match agreement {
        Agreement::Compatible => ": compatible",
        Agreement::Incompatible => ": **not compatible**",
        Agreement::NotEnoughEvidence => "",
    };
    let (low, high) = (words::percent(interval.low), words::percent(interval.high));
    format!("{means} (another study: {low} to {high} %{verdict})")
}

fn identical(check: &Identical) -> String {
    let [first, second] = check.rankscales;
    let pairs = words::many(u64::from(check.pairs), "pair");
    let found = match (check.equal, check.interval, check.p) {
        (equal, ..) if equal == check.pairs => format!("equal to the last digit in {pairs}"),
        (equal, Some(interval), Some(p)) => format!(
            "equal in {equal} of {pairs}, and {} apart on average ({} % interval {}; {})",
            words::points(check.difference),
            words::level(interval),
            reach(interval),
            words::p_equals(p)
        ),
        (equal, ..) => {
            format!("equal in {equal} of {pairs}, and {} apart on average", words::points(check.difference))
        }
    };
    format!(
        "A/A check: rankscales {first} and {second} build one network. With {} decay their runs are {found}.",
        code(check.decay.name())
    )
}
