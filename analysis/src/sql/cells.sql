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
    min(accuracy) AS min,
    max(accuracy) AS max,
    min(parameters) AS parameters,
    min(macs) AS macs
FROM finished
GROUP BY recipe, lambda, rankscale, decay
ORDER BY recipe, lambda, rankscale, decay
