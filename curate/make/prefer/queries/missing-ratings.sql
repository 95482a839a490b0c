-- Which ratings and comparisons are missing, and why?
WITH said AS (
  SELECT source, judge, aspect, missing FROM ratings UNION ALL SELECT source, judge, 'compared', missing FROM comparisons
), counts AS (
  SELECT source, judge, aspect, coalesce(missing, 'rated') AS what, count(*) AS n FROM said GROUP BY ALL
)
SELECT *, round(n / sum(n) OVER (PARTITION BY source, judge, aspect), 4) AS share FROM counts ORDER BY ALL
