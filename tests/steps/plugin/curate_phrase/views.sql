CREATE OR REPLACE VIEW phrase_topics AS SELECT topic, count(*) AS n FROM phrases GROUP BY topic;
