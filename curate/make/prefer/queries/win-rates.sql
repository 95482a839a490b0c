-- Who of the pool wins how often, as counted and with length held equal?
SELECT source, judge, about AS entry,
  max(value) FILTER (figure = 'win rate') AS win_rate, max(low) FILTER (figure = 'win rate') AS low, max(high) FILTER (figure = 'win rate') AS high,
  max(value) FILTER (figure = 'length-controlled') AS length_controlled, max(n) AS duels
FROM judge_figures WHERE figure IN ('win rate', 'length-controlled') GROUP BY ALL ORDER BY source, judge, win_rate DESC
