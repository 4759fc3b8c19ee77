-- What became of every planned run and of everything that lies in the directory of runs.
WITH reached AS (
    SELECT
        run.*,
        coalesce(spent.epochs_done, 0) AS epochs_done
    FROM run
    LEFT JOIN (SELECT id, max(epoch) AS epochs_done FROM epoch GROUP BY id) AS spent ON run.id = spent.id
),

present AS (
    SELECT
        reached.run,
        reached.status AS state,
        reached.planned,
        planned.place,
        reached.epochs_done,
        reached.epochs,
        CASE reached.status
            WHEN 'done' THEN ''
            WHEN 'diverged' THEN 'the loss was no longer a finite number after ' || reached.epochs_done || ' of '
                || reached.epochs || ' epochs; that is its result, it is not trained again'
            WHEN 'interrupted' THEN 'stopped after ' || reached.epochs_done || ' of ' || reached.epochs
                || ' epochs; resume with ' || reached.resume
            ELSE reached.epochs_done || ' of ' || reached.epochs
                || ' epochs have ended; under way, or killed: then resume with ' || reached.resume
        END AS reason
    FROM reached
    LEFT JOIN planned ON reached.configuration = planned.configuration
),

unusable AS (
    SELECT
        quarantined.name AS run,
        'quarantined' AS state,
        planned.place IS NOT NULL AS planned,
        planned.place,
        0 AS epochs_done,
        coalesce(planned.epochs, 0) AS epochs,
        quarantined.reason
    FROM quarantined
    LEFT JOIN planned ON quarantined.name = planned.name
),

missing AS (
    SELECT
        planned.name AS run,
        'missing' AS state,
        true AS planned,
        planned.place,
        0 AS epochs_done,
        planned.epochs,
        'never started; train it with ' || planned.resume AS reason
    FROM planned
    LEFT JOIN run ON planned.configuration = run.configuration
    LEFT JOIN quarantined ON planned.name = quarantined.name
    WHERE run.id IS NULL AND quarantined.name IS NULL
),

everything AS (
    SELECT * FROM present
    UNION ALL
    SELECT * FROM unusable
    UNION ALL
    SELECT * FROM missing
)

SELECT run, state, planned, epochs_done, epochs, reason
FROM everything
ORDER BY planned DESC, place, run
