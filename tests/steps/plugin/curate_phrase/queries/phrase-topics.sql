-- Of which topics are the rows that hold the phrase?
SELECT topic, n FROM phrase_topics ORDER BY ALL;
