-- How far may each judge be believed?
SELECT source, judge, about, figure, value, low, high, n FROM judge_figures WHERE about IS NULL OR figure NOT IN ('win rate', 'length-controlled') ORDER BY ALL
