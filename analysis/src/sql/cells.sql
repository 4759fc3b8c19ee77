-- The finished runs under study, by recipe, lambda, rankscale and arm.
SELECT
    recipe,
    lambda,
    rankscale,
    decay,
    count(*) AS runs,
    avg(accuracy) AS mean,
    -- Null for one run.
    stddev_samp(accuracy) AS sd,
    -- Student's interval is beyond SQL: see cells.rs.
    CAST(NULL AS DOUBLE) AS low,
    CAST(NULL AS DOUBLE) AS high,
    min(accuracy) AS min,
    max(accuracy) AS max,
    min(parameters) AS parameters,
    min(macs) AS macs
FROM finished
GROUP BY recipe, lambda, rankscale, decay
ORDER BY recipe, lambda, rankscale, decay
