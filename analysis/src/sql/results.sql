-- The last epoch of the finished runs under study, as the notebook's logger had it: its total time leaves
-- evaluation out.
SELECT
    finished.recipe,
    finished.lambda,
    finished.rankscale,
    finished.decay,
    finished.seed,
    last.epoch,
    last.learning_rate,
    last.train_seconds,
    last.train_loss,
    last.train_accuracy,
    last.test_seconds,
    last.test_loss,
    last.test_accuracy,
    spent.total_seconds
FROM finished
INNER JOIN epoch AS last ON finished.id = last.id AND finished.epochs = last.epoch
INNER JOIN (
    SELECT id, CASE WHEN count(train_seconds) = max(epoch) THEN sum(train_seconds) END AS total_seconds
    FROM epoch
    GROUP BY id
) AS spent ON finished.id = spent.id
WHERE finished.rankscale > 0
ORDER BY finished.recipe, finished.lambda, finished.rankscale, finished.decay, finished.seed
