-- Which ratings and comparisons are missing, and why?
WITH said AS (
  SELECT source, judge, aspect, missing FROM ratings UNION ALL SELECT source, judge, 'compared', missing FROM comparisons
)
SELECT source, judge, aspect, coalesce(missing, 'rated') AS what, count(*) AS n,
  round(count(*) / sum(count(*)) OVER (PARTITION BY source, judge, aspect), 4) AS share
FROM said GROUP BY ALL ORDER BY ALL
