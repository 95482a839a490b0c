-- How many rows of each source go into and come out of every step?
SELECT source, step, rows_in, dropped, rows_out
FROM funnel
ORDER BY source, position;
