-- Two answers to one prompt and which of them a judge holds to be better: as it compared them, in each order, or by its ratings.
WITH judged AS (
  SELECT prompt, slot, judge, round(avg(rating), 9) AS rating
  FROM (SELECT prompt, slot, judge, aspect, avg(rating) AS rating FROM ratings WHERE rating IS NOT NULL GROUP BY ALL) GROUP BY ALL
), duels AS (
  SELECT prompt, judge, first, second, result, true AS shown FROM comparisons WHERE result IS NOT NULL
  UNION ALL
  SELECT a.prompt, a.judge, a.slot, b.slot, CASE WHEN a.rating > b.rating THEN 'first' WHEN a.rating < b.rating THEN 'second' ELSE 'tie' END, false
  FROM judged AS a JOIN judged AS b ON a.prompt = b.prompt AND a.judge = b.judge AND a.slot < b.slot
)
SELECT d.prompt, d.judge, d.first, d.second, d.shown, (CASE d.result WHEN 'first' THEN 1.0 WHEN 'second' THEN 0.0 ELSE 0.5 END)::DOUBLE AS won,
  x.model AS first_model, y.model AS second_model, x.entry AS first_entry, y.entry AS second_entry, x.words AS first_words, y.words AS second_words
FROM duels AS d JOIN answers AS x ON x.prompt = d.prompt AND x.slot = d.first JOIN answers AS y ON y.prompt = d.prompt AND y.slot = d.second
ORDER BY ALL
