-- How many rows of each source are duplicates (or variants) of a row of which source?
SELECT source, kept_source, against, kind, dropped, count(*) AS rows, round(min(jaccard), 3) AS least,
    round(avg(jaccard), 3) AS mean
FROM duplicates
GROUP BY ALL
ORDER BY source, kept_source, kind;
