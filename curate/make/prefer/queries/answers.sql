-- What became of the answers of each model?
SELECT source, entry, model, outcome, count(*) AS answers, round(avg(words), 1) AS words FROM answers GROUP BY ALL ORDER BY ALL
