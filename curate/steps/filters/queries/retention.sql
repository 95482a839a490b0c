-- How many rows would another threshold of each filter keep? (At most 25 thresholds a curve; the view has all.)
WITH numbered AS (
    SELECT *, row_number() OVER curve AS nth, count(*) OVER (PARTITION BY filter, source, bound) AS n
    FROM retention
    WHERE set_to IS NOT NULL
    WINDOW curve AS (PARTITION BY filter, source, bound ORDER BY threshold)
)
SELECT filter, coalesce(source, 'all') AS source, bound, threshold, rows_left, round(100 * share, 2) AS percent, set_to
FROM numbered
WHERE n <= 25 OR nth = 1 OR nth = n OR nth * 24 // n <> (nth - 1) * 24 // n
ORDER BY position, source <> 'all', source, bound, threshold;
