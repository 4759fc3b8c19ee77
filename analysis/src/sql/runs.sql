-- Every readable run with the last of its planned epochs, and what its epochs took.
WITH spent AS (
    SELECT
        id,
        max(epoch) AS epochs_done,
        -- Of an imported run only the last epoch is known: its time is not the run's.
        CASE
            WHEN count(train_seconds) = max(epoch) THEN sum(train_seconds + coalesce(test_seconds, 0.0))
        END AS seconds,
        median(images_per_second) AS images_per_second
    FROM epoch
    GROUP BY id
)

SELECT
    run.run,
    run.status,
    run.planned,
    run.imported,
    run.recipe,
    run.rankscale,
    run.decay,
    run.seed,
    run.lambda,
    run.channels,
    run.epochs,
    coalesce(spent.epochs_done, 0) AS epochs_done,
    run.batch,
    run.train_images,
    run.test_images,
    run.precision,
    run.engine,
    run.parameters,
    run.macs,
    run.ratio_full,
    run.ratio_separable,
    last.test_accuracy,
    last.test_loss,
    last.train_accuracy,
    last.train_loss,
    spent.seconds,
    spent.images_per_second,
    run.device,
    run.device_name,
    run.threads,
    run.git_revision,
    run.libtorch
FROM run
LEFT JOIN spent ON run.id = spent.id
LEFT JOIN epoch AS last ON run.id = last.id AND run.epochs = last.epoch
ORDER BY run.recipe, run.lambda, run.rankscale, run.decay, run.seed, run.run
