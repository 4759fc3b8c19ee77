-- Every epoch of the runs under study, with its run's key.
SELECT
    run.run,
    run.recipe,
    run.rankscale,
    run.decay,
    run.seed,
    run.lambda,
    epoch.epoch,
    epoch.learning_rate,
    epoch.train_loss,
    epoch.train_accuracy,
    epoch.test_loss,
    epoch.test_accuracy
FROM epoch
INNER JOIN run ON epoch.id = run.id
WHERE run.studied
ORDER BY run.recipe, run.lambda, run.rankscale, run.decay, run.seed, run.run, epoch.epoch
