CREATE TABLE phrases (doc_id VARCHAR NOT NULL, times BIGINT NOT NULL, topic VARCHAR);
COMMENT ON TABLE phrases IS 'Rows that hold the phrase.';
