-- Everything that was ever asked, and what became of it. `asked` is written before a request is sent.
CREATE TABLE IF NOT EXISTS requests (
  key TEXT PRIMARY KEY,
  engine TEXT NOT NULL,   -- JSON: kind, model, revision, settings
  request TEXT NOT NULL   -- JSON: messages, sampling, schema (as a text), labels, seed, sample, template
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS asked (
  n INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  run TEXT NOT NULL,      -- the process that asked: a file of that name in runs/ is locked while it lives
  at REAL NOT NULL,       -- seconds since 1970
  failed TEXT             -- JSON: the failed answer, with every attempt
);
CREATE INDEX IF NOT EXISTS asked_by_key ON asked (key);
CREATE TABLE IF NOT EXISTS answers (
  key TEXT PRIMARY KEY,
  asked INTEGER,          -- the line of `asked`; null where the answer was added from a file
  outcome TEXT NOT NULL,
  answer TEXT NOT NULL,   -- JSON: all that is known of it
  at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_by_asked ON answers (asked);
-- What was sent and of which nothing is known: in flight now, or when its process was killed.
CREATE VIEW IF NOT EXISTS unknown AS
  SELECT asked.* FROM asked LEFT JOIN answers ON answers.asked = asked.n
  WHERE answers.key IS NULL AND asked.failed IS NULL;
