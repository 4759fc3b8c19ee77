//! Training and evaluation times of a run.
//!
//! *Invariant:* a time covers all epochs or is `None`: for an imported run only the last epoch is known, and
//! its time is not that of the run.

use artifacts::bench::median;
use artifacts::run::EpochRow;

/// Returns the number of the last epoch that ended, or 0 if none did.
#[must_use]
pub fn epochs_done(epochs: &[EpochRow]) -> u32 {
    epochs.iter().map(|row| row.epoch).max().unwrap_or(0)
}

/// Returns the seconds spent in training updates.
#[must_use]
pub fn train_seconds(epochs: &[EpochRow]) -> Option<f64> {
    total(epochs, |_, train| train)
}

/// Returns the seconds spent in training updates and, where it was measured, in evaluation.
#[must_use]
pub fn seconds(epochs: &[EpochRow]) -> Option<f64> {
    total(epochs, |row, train| train + row.test_seconds.unwrap_or(0.0))
}

fn total(epochs: &[EpochRow], of: impl Fn(&EpochRow, f64) -> f64) -> Option<f64> {
    let known: Vec<f64> = epochs.iter().filter_map(|row| Some(of(row, row.train_seconds?))).collect();
    (!known.is_empty() && known.len() == epochs_done(epochs) as usize).then(|| known.iter().sum())
}

/// Returns the median over epochs of the training images per second; `None` if no epoch has it.
#[must_use]
pub fn images_per_second(epochs: &[EpochRow]) -> Option<f64> {
    median(epochs.iter().filter_map(|row| row.images_per_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(epoch: u32, train: Option<f64>, test: Option<f64>, rate: Option<f64>) -> EpochRow {
        EpochRow {
            epoch,
            train_seconds: train,
            test_seconds: test,
            images_per_second: rate,
            ..EpochRow::default()
        }
    }

    #[test]
    fn times_are_sums_over_the_epochs_that_ended() {
        let epochs = [epoch(1, Some(2.0), Some(0.5), None), epoch(2, Some(3.0), None, None)];
        assert_eq!(
            (epochs_done(&epochs), train_seconds(&epochs), seconds(&epochs)),
            (2, Some(5.0), Some(5.5))
        );
    }

    #[test]
    fn without_every_epochs_time_there_is_none() {
        let gap = [epoch(1, Some(2.0), Some(0.5), None), epoch(2, None, Some(0.5), None)];
        assert_eq!((epochs_done(&gap), train_seconds(&gap), seconds(&gap)), (2, None, None));
        // An imported run of 128 epochs, and one of a single epoch.
        let [long, short] = [128, 1].map(|last| [epoch(last, Some(9.5), None, None)]);
        assert_eq!((epochs_done(&long), train_seconds(&long), seconds(&long)), (128, None, None));
        assert_eq!((epochs_done(&short), train_seconds(&short)), (1, Some(9.5)));
        assert_eq!((epochs_done(&[]), train_seconds(&[]), seconds(&[])), (0, None, None));
    }

    #[test]
    fn the_median_rate_leaves_out_what_is_not_known() {
        let of = |rates: &[Option<f64>]| {
            let rows: Vec<_> =
                (1..).zip(rates).map(|(number, rate)| epoch(number, None, None, *rate)).collect();
            images_per_second(&rows)
        };
        assert_eq!(of(&[Some(9.0), None, Some(1.0), Some(4.0)]), Some(4.0));
        assert_eq!(of(&[Some(9.0), Some(1.0), Some(4.0), Some(5.0)]), Some(4.5));
        assert_eq!((of(&[None, None]), of(&[]), of(&[Some(7.0)])), (None, None, Some(7.0)));
    }
}
