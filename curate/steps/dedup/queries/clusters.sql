-- Which rows stay in place of the most others?
SELECT kept_id, fate, dropped, exact, near, variants, sources, round(least, 3) AS least
FROM kept_rows
ORDER BY dropped + variants DESC, kept_id
LIMIT 100;
